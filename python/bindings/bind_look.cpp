// SPDX-License-Identifier: Apache-2.0
//
// Looks, read-only.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/engine/look.h"
#include "fastphoto/error.h"
#include "gil.h"

namespace fastphoto::python {

namespace {

/// Whether the file is a zip archive, as looks of format 1 are.
bool is_archive(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return false;  // to look into a pipe would take its bytes
  }
  std::array<char, 4> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  return std::string_view(head.data(), head.size()) == "PK\x03\x04";
}

py::object load(const std::filesystem::path& path) {
  if (is_archive(path)) {
    return py::module_::import("fastphoto_native.looks.npz_look").attr("load_npz_look")(path);
  }
  Look look;
  {
    const WithoutGil unlocked;
    look = Look::load(path);
  }
  return py::cast(std::move(look));
}

std::vector<float> thumbnail_argument(const py::object& object) {
  std::vector<float> samples;
  if (object.is_none()) {
    return samples;
  }
  const FeatureView view = features_argument(object, "thumbnail");
  if (view.channels != 3 || view.height != view.width || view.height < 1) {
    throw Error(ErrorKind::InvalidArgument, "thumbnail must have the shape 3 x side x side, got " +
                                                std::to_string(view.channels) + " x " + std::to_string(view.height) +
                                                " x " + std::to_string(view.width));
  }
  for (Index c = 0; c < view.channels; ++c) {
    for (Index y = 0; y < view.height; ++y) {
      for (Index x = 0; x < view.width; ++x) {
        samples.push_back(view.at(y, x, c));
      }
    }
  }
  return samples;
}

py::object thumbnail_array(const py::object& self) {
  const auto& look = self.cast<const Look&>();
  if (look.thumbnail.empty()) {
    return py::none();
  }
  const std::size_t pixels = look.thumbnail.size() / 3;
  const auto side = static_cast<py::ssize_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
  py::array_t<float> array({py::ssize_t{3}, side, side}, look.thumbnail.data(), self);
  array.attr("setflags")(py::arg("write") = false);
  return std::move(array);
}

py::object preview_array(const py::object& self) {
  const auto& look = self.cast<const Look&>();
  if (look.preview.samples.empty()) {
    return py::none();
  }
  const std::vector<py::ssize_t> shape = {look.preview.height, look.preview.width, 3};
  py::array_t<std::uint8_t> array(shape, look.preview.samples.data(), self);
  array.attr("setflags")(py::arg("write") = false);
  return std::move(array);
}

Preview preview_argument(const py::object& object) {
  if (!py::isinstance<py::array_t<std::uint8_t>>(object)) {
    throw Error(ErrorKind::InvalidArgument,
                "preview must be an array of uint8, got " + std::string(py::str(py::type::of(object))));
  }
  const auto array = py::array_t<std::uint8_t, py::array::c_style>::ensure(object);
  if (array.ndim() != 3 || array.shape(2) != 3) {
    throw Error(ErrorKind::InvalidArgument, "preview must be H x W x 3, got " + std::to_string(array.ndim()) + " axes");
  }
  return {array.shape(0), array.shape(1), {array.data(), array.data() + array.size()}};
}

Look with_details(const Look& self, const py::object& name, const py::object& sources, const py::object& label_names,
                  const py::object& preview) {
  Look look = self;
  if (!name.is_none()) {
    look.name = name.cast<std::string>();
  }
  if (!sources.is_none()) {
    look.sources = sources.cast<std::vector<std::string>>();
  }
  if (!label_names.is_none()) {
    look.label_names = label_names.cast<std::map<std::int64_t, std::string>>();
  }
  if (!preview.is_none()) {
    look.preview = preview_argument(preview);
  }
  look.check();
  return look;
}

}  // namespace

void bind_look(const py::module_& module) {
  py::class_<LabelLook>(module, "LabelLook",
                        "The statistics of one label of the style photo, in the order of the model's alignments.\n\n"
                        "`area`: pixels of the label at working size.")
      .def(py::init([](const py::object& area, const py::iterable& statistics) {
             LabelLook label;
             label.area = float_argument(area, "area");
             for (const py::handle s : statistics) {
               label.statistics.push_back(s.cast<const Statistics&>());
             }
             return label;
           }),
           py::arg("area"), py::arg("statistics"))
      .def_readonly("area", &LabelLook::area)
      .def(
          "__eq__",
          [](const py::object& self, const LabelLook& other) {
            const py::object theirs = py::cast(other, py::return_value_policy::reference);
            return self.attr("area").equal(theirs.attr("area")) &&
                   self.attr("statistics").equal(theirs.attr("statistics"));
          },
          py::is_operator())
      .def("__hash__",
           [](const py::object& self) { return py::hash(py::make_tuple(self.attr("area"), self.attr("statistics"))); })
      .def("__reduce__",
           [](const py::object& self) {
             return py::make_tuple(py::type::of(self), py::make_tuple(self.attr("area"), self.attr("statistics")));
           })
      .def_property_readonly("statistics", [](const py::object& self) {
        const auto& statistics = self.cast<const LabelLook&>().statistics;
        py::tuple result(statistics.size());
        for (std::size_t i = 0; i < statistics.size(); ++i) {
          result[i] = py::cast(statistics[i], py::return_value_policy::reference_internal, self);
        }
        return result;
      });

  py::class_<Look>(module, "Look",
                   "A style photo's statistics: all that is needed to give other photos its look.\n\n"
                   "Made by Stylizer.analyze. Fits the models that share its fingerprint.")
      .def(py::init([](std::string model, std::string fingerprint, bool masked, const py::dict& labels,
                       const py::object& thumbnail) {
             Look look;
             look.model = std::move(model);
             look.fingerprint = std::move(fingerprint);
             look.masked = masked;
             for (const auto& [label, style] : labels) {
               look.labels.emplace(label.cast<std::int64_t>(), style.cast<const LabelLook&>());
             }
             look.thumbnail = thumbnail_argument(thumbnail);
             look.check();
             return look;
           }),
           py::arg("model"), py::arg("fingerprint"), py::arg("masked"), py::arg("labels"),
           py::arg("thumbnail") = py::none())
      .def("with_details", &with_details, py::arg("name") = py::none(), py::arg("sources") = py::none(),
           py::arg("label_names") = py::none(), py::arg("preview") = py::none(),
           "A copy with what it says for people replaced: its name, the SHA-256 of the style photos' files, names of "
           "labels, and a preview (H x W x 3 uint8, at most 512 pixels a side). None leaves a detail as it is.")
      .def_readonly("name", &Look::name)
      .def_property_readonly("sources", [](const Look& self) { return py::tuple(py::cast(self.sources)); })
      .def_property_readonly("label_names", [](const Look& self) { return py::dict(py::cast(self.label_names)); })
      .def_property_readonly("preview", &preview_array)
      .def_static("pool", &Look::pool, py::arg("looks"), py::call_guard<WithoutGil>(),
                  "One look of several style photos, as if they were one photo.")
      .def_static("blend", &Look::blend, py::arg("looks"), py::arg("weights"), py::call_guard<WithoutGil>(),
                  "A look between others, along the Bures-Wasserstein geodesic; for more than two, their barycentre.")
      .def_readonly("model", &Look::model)
      .def_readonly("fingerprint", &Look::fingerprint)
      .def_readonly("masked", &Look::masked)
      .def_property_readonly("labels",
                             [](const py::object& self) {
                               py::dict result;
                               for (const auto& [label, style] : self.cast<const Look&>().labels) {
                                 result[py::int_(label)] =
                                     py::cast(style, py::return_value_policy::reference_internal, self);
                               }
                               return result;
                             })
      .def_property_readonly("thumbnail", &thumbnail_array)
      // Looks are data: equal if their files are, and made again from a file's bytes in another process.
      .def(
          "__eq__", [](const Look& self, const Look& other) { return self.to_bytes() == other.to_bytes(); },
          py::is_operator())
      .def("__hash__", [](const Look& self) { return py::hash(py::bytes(self.to_bytes())); })
      .def("__reduce__",
           [](const py::object& self) {
             // Not from_bytes itself: functions of extension modules cannot be pickled.
             const py::object call = py::module_::import("operator").attr("methodcaller");
             return py::make_tuple(call("from_bytes", self.attr("to_bytes")()), py::make_tuple(py::type::of(self)));
           })
      .def(
          "to_bytes", [](const Look& self) { return py::bytes(self.to_bytes()); },
          "The look as a file's bytes (format 2, the layout of safetensors).")
      .def_static(
          "from_bytes", [](const py::bytes& data) { return Look::from_bytes(std::string_view(data), "the data"); },
          py::arg("data"), "Reads what to_bytes() returned.")
      .def(
          "save",
          [](const Look& self, const std::filesystem::path& path) {
            const WithoutGil unlocked;
            self.save(path);
          },
          py::arg("path"), "Writes the look to a file, by way of a temporary name.")
      .def_static("load", &load, py::arg("path"), "Reads a look that save() wrote, also in an earlier version.");
}

}  // namespace fastphoto::python
