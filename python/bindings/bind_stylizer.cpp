// SPDX-License-Identifier: Apache-2.0
//
// The engine: Stylizer, its report, and the chain of graphs on its own for checks.
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "engine/chain.h"
#include "fastphoto/engine/stylizer.h"
#include "fastphoto/error.h"
#include "gil.h"
#include "python_runtime.h"

namespace fastphoto::python {

namespace {

Smoothing smoothing_argument(const std::string& name) {
  if (name == "closed-form") {
    return Smoothing::ClosedForm;
  }
  if (name == "guided") {
    return Smoothing::Guided;
  }
  if (name == "none") {
    return Smoothing::None;
  }
  throw Error(ErrorKind::InvalidArgument, "smoothing must be one of closed-form, guided, none, got '" + name + "'");
}

Quality quality_argument(const std::string& name) {
  if (name == "draft") {
    return Quality::Draft;
  }
  if (name == "balanced") {
    return Quality::Balanced;
  }
  if (name == "exact") {
    return Quality::Exact;
  }
  throw Error(ErrorKind::InvalidArgument, "quality must be one of draft, balanced, exact, got '" + name + "'");
}

Index side_argument(const py::object& side) {
  if (side.is_none()) {
    return 0;
  }
  const int pixels = int_argument(side, "max_side");
  if (pixels < 1) {
    throw Error(ErrorKind::InvalidArgument, "max_side must be at least 1 pixel, got " + std::to_string(pixels));
  }
  return pixels;
}

/// Asks Python while the engine is at work: for a signal such as Ctrl-C, and the callback if there is one.
Progress progress_argument(const py::object& callback) {
  // NOLINTNEXTLINE(bugprone-exception-escape): what Python raises comes out of the call
  return [callback](const char* step, double share) {
    const WithGil locked;
    if (PyErr_CheckSignals() != 0) {
      throw py::error_already_set();
    }
    return callback.is_none() || !callback(step, share).is(py::bool_(false));
  };
}

/// None, or the H x W float32 transparency of a photo.
ImageView alpha_argument(const py::object& alpha, const char* name) {
  return alpha.is_none() ? ImageView{} : image_argument(alpha, name);
}

py::tuple size_tuple(const Size& size) { return py::make_tuple(size.height, size.width); }

std::unique_ptr<Stylizer> open_stylizer(const Bundle& bundle, py::object runtime) {
  const std::shared_ptr<Runtime> opened = python_runtime(std::move(runtime));
  const WithoutGil unlocked;
  return std::make_unique<Stylizer>(bundle, opened);
}

Look analyze(const Stylizer& self, const py::object& style, const py::object& mask, const py::object& max_side,
             const py::object& threads, const py::object& progress, const py::object& alpha) {
  const Pixels pixels = pixels_argument(style, PixelOrder::RGB, "style");
  MaskArgument labels = mask_argument(mask, "style mask");
  labels.view.alpha = alpha_argument(alpha, "alpha of the style");
  const AnalyzeOptions options{side_argument(max_side), int_argument(threads, "threads"), progress_argument(progress)};
  const WithoutGil unlocked;
  return self.analyze(pixels, labels.view, options);
}

ApplyOptions apply_options(const std::string& smoothing, const std::string& quality, const py::object& strength,
                           const py::object& max_side, const py::object& threads, const py::object& progress,
                           const AdjustmentOptions& adjustment, bool insist) {
  ApplyOptions options;
  options.smoothing = smoothing_argument(smoothing);
  options.strength = float_argument(strength, "strength");
  options.max_side = side_argument(max_side);
  options.threads = int_argument(threads, "threads");
  options.adjustment = adjustment;
  options.insist = insist;
  options.quality = quality_argument(quality);
  options.progress = progress_argument(progress);
  return options;
}

/// Stylizer::apply and Stylizer::preview.
template <Report (Stylizer::*call)(const Pixels&, const Look&, const MutablePixels&, const MaskView&,
                                   const ApplyOptions&) const>
Report apply(const Stylizer& self, const py::object& content, const Look& look, const py::object& result,
             const py::object& mask, const std::string& smoothing, const std::string& quality,
             const py::object& strength, const py::object& max_side, const py::object& threads,
             const py::object& progress, const AdjustmentOptions& adjustment, const py::object& alpha, bool insist) {
  const ApplyOptions options =
      apply_options(smoothing, quality, strength, max_side, threads, progress, adjustment, insist);
  const Pixels pixels = pixels_argument(content, PixelOrder::RGB, "content");
  const MutablePixels to = mutable_pixels_argument(result, PixelOrder::RGB, "result");
  MaskArgument labels = mask_argument(mask, "content mask");
  labels.view.alpha = alpha_argument(alpha, "alpha of the content");
  const WithoutGil unlocked;
  return (self.*call)(pixels, look, to, labels.view, options);
}

Stylizer::Restyled restyle(const Stylizer& self, const py::object& content, const Look& look, const py::object& mask,
                           const std::string& smoothing, const std::string& quality, const py::object& strength,
                           const py::object& max_side, const py::object& threads, const py::object& progress,
                           const AdjustmentOptions& adjustment, const py::object& alpha, bool insist) {
  const ApplyOptions options =
      apply_options(smoothing, quality, strength, max_side, threads, progress, adjustment, insist);
  const Pixels pixels = pixels_argument(content, PixelOrder::RGB, "content");
  MaskArgument labels = mask_argument(mask, "content mask");
  labels.view.alpha = alpha_argument(alpha, "alpha of the content");
  const WithoutGil unlocked;
  return self.restyle(pixels, look, labels.view, options);
}

Report finish(const Stylizer& self, Stylizer::Restyled& photo, const py::object& result, const py::object& threads,
              const py::object& progress) {
  const MutablePixels pixels = mutable_pixels_argument(result, PixelOrder::RGB, "result");
  const int count = int_argument(threads, "threads");
  const Progress ask = progress_argument(progress);
  const WithoutGil unlocked;
  return self.finish(std::move(photo), pixels, count, ask);
}

/// The chain on one runtime, without what comes before and after it.
class NetworkChain {
 public:
  NetworkChain(Bundle bundle, std::shared_ptr<Runtime> runtime)
      : bundle_(std::move(bundle)), chain_(bundle_, std::move(runtime)) {}

  const Chain& chain() const { return chain_; }
  const Bundle& bundle() const { return bundle_; }

 private:
  const Bundle bundle_;
  const Chain chain_;
};

std::unique_ptr<NetworkChain> open_chain(const Bundle& bundle, py::object runtime) {
  const std::shared_ptr<Runtime> opened = python_runtime(std::move(runtime));
  const WithoutGil unlocked;
  return std::make_unique<NetworkChain>(bundle, opened);
}

/// The network's result for a pair without masks, before anything else is done to it.
py::array restyle_by_chain(const NetworkChain& self, const py::object& content, const py::object& style,
                           const py::object& strength) {
  const ImageView photo = image_argument(content, "content");
  const ImageView wanted = image_argument(style, "style");
  const double amount = float_argument(strength, "strength");
  Image result;
  {
    const WithoutGil unlocked;
    const Progress nobody;
    StepProgress progress(nobody, 1);
    ChainAlignment align(self.bundle().manifest().alignments, self.chain().style_statistics(wanted, {}, progress),
                         amount, false);
    result = self.chain().run(photo, {}, align, progress);
  }
  return move_out(std::move(result), shape_of(content));
}

std::vector<std::vector<Statistics>> style_statistics(const NetworkChain& self, const py::object& style) {
  const ImageView photo = image_argument(style, "style");
  const WithoutGil unlocked;
  const Progress nobody;
  StepProgress progress(nobody, 1);
  return self.chain().style_statistics(photo, {}, progress);
}

/// A ChainAlignment with the alignments that it speaks of.
class OwnAlignment {
 public:
  OwnAlignment(std::vector<Alignment> alignments, std::vector<ChainAlignment::ByLabel> style, double strength,
               bool keep_rest, std::vector<double> areas)
      : alignments_(std::move(alignments)),
        align_(alignments_, std::move(style), strength, keep_rest, false, std::move(areas)) {}
  OwnAlignment(const OwnAlignment&) = delete;
  OwnAlignment& operator=(const OwnAlignment&) = delete;

  py::tuple maps(std::size_t index, const ChainAlignment::ByLabel& content) {
    if (index >= alignments_.size()) {
      throw Error(ErrorKind::InvalidArgument,
                  "index must be below " + std::to_string(alignments_.size()) + ", got " + std::to_string(index));
    }
    const AffineMaps found = align_.maps(index, content);
    const std::vector<py::ssize_t> square = {found.labels, found.channels, found.channels};
    const std::vector<py::ssize_t> row = {found.labels, found.channels};
    return py::make_tuple(py::array_t<float>(square, found.matrix.data()),
                          py::array_t<float>(row, found.offset.data()));
  }

 private:
  std::vector<Alignment> alignments_;
  ChainAlignment align_;
};

void bind_report(const py::module_& module) {
  py::class_<DeviceReport>(module, "DeviceReport", "Where the network runs, and why there.")
      .def_readonly("requested", &DeviceReport::requested)
      .def_readonly("used", &DeviceReport::used)
      .def_readonly("provider", &DeviceReport::provider)
      .def_readonly("reason", &DeviceReport::reason)
      .def_readonly("precision", &DeviceReport::precision);
  py::class_<StageReport>(module, "StageReport", "One stage and how long it took.")
      .def_readonly("name", &StageReport::name)
      .def_readonly("seconds", &StageReport::seconds);
  py::class_<LookFit>(module, "LookFit", "How well the style tells what the content should look like.")
      .def_readonly("untouched_error", &LookFit::untouched_error)
      .def_readonly("expected_error", &LookFit::expected_error)
      .def_readonly("fit", &LookFit::fit)
      .def_readonly("applied_strength", &LookFit::applied_strength);
  py::class_<Report>(module, "Report", "The account of one call; sizes are (height, width).")
      .def_readonly("model", &Report::model)
      .def_readonly("model_version", &Report::model_version)
      .def_readonly("device", &Report::device)
      .def_readonly("strength", &Report::strength)
      .def_readonly("look_fit", &Report::look_fit)
      .def_property_readonly("content_size", [](const Report& self) { return size_tuple(self.content_size); })
      .def_property_readonly("working_size", [](const Report& self) { return size_tuple(self.working_size); })
      .def_readonly("labels", &Report::labels)
      .def_readonly("kept_labels", &Report::kept_labels)
      .def_readonly("smoothing", &Report::smoothing)
      .def_property_readonly("smoothing_size", [](const Report& self) { return size_tuple(self.smoothing_size); })
      .def_readonly("expected_error", &Report::expected_error)
      .def_readonly("solver", &Report::solver)
      .def_readonly("stages", &Report::stages);
}

}  // namespace

// NOLINTNEXTLINE(misc-const-correctness): as all functions of bindings.h
void bind_stylizer(py::module_& module) {
  bind_report(module);
  py::class_<Stylizer> stylizer(module, "Stylizer", "The pipeline of one model on one runtime.");
  const py::class_<Stylizer::Restyled> restyled(stylizer, "Restyled", "A photo between the network and the smoothing.");
  stylizer.def(py::init(&open_stylizer), py::arg("bundle"), py::arg("runtime"))
      .def_property_readonly("device", &Stylizer::device)
      .def("analyze", &analyze, py::arg("style"), py::arg("mask"), py::arg("max_side"), py::arg("threads"),
           py::arg("progress"), py::arg("alpha") = py::none())
      .def("apply", &apply<&Stylizer::apply>, py::arg("content"), py::arg("look"), py::arg("result"), py::arg("mask"),
           py::arg("smoothing"), py::arg("quality"), py::arg("strength"), py::arg("max_side"), py::arg("threads"),
           py::arg("progress"), py::arg("adjustment") = AdjustmentOptions(), py::arg("alpha") = py::none(),
           py::arg("insist") = false, "Both halves, into an array of the content's size.")
      .def("preview", &apply<&Stylizer::preview>, py::arg("content"), py::arg("look"), py::arg("result"),
           py::arg("mask"), py::arg("smoothing"), py::arg("quality"), py::arg("strength"), py::arg("max_side"),
           py::arg("threads"), py::arg("progress"), py::arg("adjustment") = AdjustmentOptions(),
           py::arg("alpha") = py::none(), py::arg("insist") = false, "The content in the look, into a smaller array.")
      .def_static(
          "preview_size",
          [](const py::object& height, const py::object& width, const py::object& side) {
            return size_tuple(Stylizer::preview_size({int_argument(height, "height"), int_argument(width, "width")},
                                                     int_argument(side, "side")));
          },
          py::arg("height"), py::arg("width"), py::arg("side"), "(height, width) of a preview.")
      .def("restyle", &restyle, py::arg("content"), py::arg("look"), py::arg("mask"), py::arg("smoothing"),
           py::arg("quality"), py::arg("strength"), py::arg("max_side"), py::arg("threads"), py::arg("progress"),
           py::arg("adjustment") = AdjustmentOptions(), py::arg("alpha") = py::none(), py::arg("insist") = false,
           "The first half: the network and the way back to full size.")
      .def("finish", &finish, py::arg("photo"), py::arg("result"), py::arg("threads"), py::arg("progress"),
           "The second half: smoothing, gamut and detail, into an array of the content's size.")
      .def(
          "prepare",
          [](const Stylizer& self, const py::object& width, const py::object& height, const std::string& quality) {
            const int columns = int_argument(width, "width");
            const int rows = int_argument(height, "height");
            const Quality wanted = quality_argument(quality);
            const WithoutGil unlocked;
            self.prepare(columns, rows, wanted);
          },
          py::arg("width"), py::arg("height"), py::arg("quality"))
      .def(
          "memory_needed",
          [](const Stylizer& self, const py::object& width, const py::object& height, const std::string& smoothing,
             const std::string& quality, const py::object& max_side) {
            return self.memory_needed(int_argument(width, "width"), int_argument(height, "height"),
                                      smoothing_argument(smoothing), side_argument(max_side),
                                      quality_argument(quality));
          },
          py::arg("width"), py::arg("height"), py::arg("smoothing"), py::arg("quality"), py::arg("max_side"), "Bytes.");

  py::class_<NetworkChain>(module, "Chain", "The graphs of one bundle on one runtime, without smoothing; for checks.")
      .def(py::init(&open_chain), py::arg("bundle"), py::arg("runtime"))
      .def_property_readonly("device", [](const NetworkChain& self) { return self.chain().device(); })
      .def("restyle", &restyle_by_chain, py::arg("content"), py::arg("style"), py::arg("strength") = 1.0,
           "The network's photo, float32 arrays at working size in and out, not clipped.")
      .def("style_statistics", &style_statistics, py::arg("style"), "Of every alignment, for the one label.");
  py::class_<OwnAlignment>(module, "ChainAlignment",
                           "The maps of one photo's way down a chain; asked for from first to last.")
      .def(py::init<std::vector<Alignment>, std::vector<ChainAlignment::ByLabel>, double, bool, std::vector<double>>(),
           py::arg("alignments"), py::arg("style"), py::arg("strength") = 1.0, py::arg("keep_rest") = false,
           py::arg("areas") = std::vector<double>())
      .def("__call__", &OwnAlignment::maps, py::arg("index"), py::arg("content"),
           "(T, b) of an alignment, float32 K x C x C and K x C, given the content's statistics of each label.");
}

}  // namespace fastphoto::python
