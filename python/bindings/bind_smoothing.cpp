// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/closed_form_smoothing.h"
#include "gil.h"
#include "options.h"

namespace fastphoto::python {

namespace {

std::unique_ptr<ClosedFormSmoother> make_smoother(const py::object& content, const py::object& data_weights,
                                                  const SmoothingOptions& options, const py::object& threads) {
  const ImageView view = image_argument(content, "content");
  const int count = int_argument(threads, "threads");
  if (data_weights.is_none()) {
    const WithoutGil unlocked;
    return std::make_unique<ClosedFormSmoother>(view, options, count);
  }
  const ImageView weights = image_argument(data_weights, "data_weights");
  const WithoutGil unlocked;
  return std::make_unique<ClosedFormSmoother>(view, weights, options, count);
}

/// Asks Python between two iterations: for a signal such as Ctrl-C, and the callback if there is one.
bool go_on(const py::object& progress, int iteration, double residual) {
  const WithGil locked;
  if (PyErr_CheckSignals() != 0) {
    throw py::error_already_set();
  }
  return progress.is_none() || !progress(iteration, residual).is(py::bool_(false));
}

py::tuple solve(const ClosedFormSmoother& smoother, const py::object& stylized, const py::object& rtol,
                const py::object& initial, const py::object& progress, const py::object& threads) {
  const ImageView view = image_argument(stylized, "stylized");
  const int count = int_argument(threads, "threads");
  SolveOptions options;
  options.rtol = float_argument(rtol, "rtol");
  options.progress = [&](int iteration, double residual) { return go_on(progress, iteration, residual); };
  ImageView initial_view;
  if (!initial.is_none()) {
    initial_view = image_argument(initial, "initial");
    options.initial = &initial_view;
  }
  SmoothingResult result;
  {
    const WithoutGil unlocked;
    result = smoother.solve(view, options, count);
  }
  return py::make_tuple(move_out(std::move(result.image), shape_of(stylized)), result.info);
}

py::array laplacian_product(const ClosedFormSmoother& smoother, const py::object& image, const py::object& threads) {
  const ImageView view = image_argument(image, "image");
  const int count = int_argument(threads, "threads");
  Image result;
  {
    const py::gil_scoped_release unlocked;
    result = smoother.laplacian_product(view, count);
  }
  return move_out(std::move(result), shape_of(image));
}

}  // namespace

void bind_smoothing(py::module_& module) {
  OptionsClass<SmoothingOptions>(module, "SmoothingOptions", "Options of closed-form smoothing.")
      .field("lam", &SmoothingOptions::lam)
      .field("eps", &SmoothingOptions::eps)
      .field("radius", &SmoothingOptions::radius)
      .field("rtol", &SmoothingOptions::rtol)
      .field("max_iterations", &SmoothingOptions::max_iterations)
      .field("border_padding", &SmoothingOptions::border_padding)
      .field("normalized", &SmoothingOptions::normalized)
      .field("page_pool", &SmoothingOptions::page_pool);

  py::enum_<SmoothingPreconditioner>(module, "SmoothingPreconditioner",
                                     "What conjugate gradients were preconditioned with.")
      .value("NONE", SmoothingPreconditioner::None)
      .value("MULTIGRID", SmoothingPreconditioner::Multigrid)
      .value("DIAGONAL", SmoothingPreconditioner::Diagonal);

  py::class_<SmoothingInfo>(module, "SmoothingInfo", "How a solve went.")
      .def_readonly("iterations", &SmoothingInfo::iterations, "Iterations of conjugate gradients.")
      .def_readonly("residual", &SmoothingInfo::residual,
                    "Largest |b - A u| / |b| over the channels, computed afresh from the result.")
      .def_readonly("seconds", &SmoothingInfo::seconds, "Wall time.")
      .def_readonly("converged", &SmoothingInfo::converged, "Whether the tolerance was met.")
      .def_readonly("preconditioner", &SmoothingInfo::preconditioner,
                    "The last one used: multigrid, or the diagonal where that is unfit.")
      .def("__repr__", [](const SmoothingInfo& info) {
        return py::str("SmoothingInfo(iterations={}, residual={:.3g}, seconds={:.3f}, converged={}, preconditioner={})")
            .format(info.iterations, info.residual, info.seconds, info.converged,
                    py::cast(info.preconditioner).attr("name"));
      });

  py::class_<ClosedFormSmoother>(module, "ClosedFormSmoother", "The affinity of one content photo, for many solves.")
      .def(py::init(&make_smoother), py::arg("content"), py::arg("data_weights"), py::arg("options"),
           py::arg("threads"))
      .def("solve", &solve, py::arg("stylized"), py::arg("rtol"), py::arg("initial"), py::arg("progress"),
           py::arg("threads"), "(smoothed, SmoothingInfo)")
      .def("laplacian_product", &laplacian_product, py::arg("image"), py::arg("threads"),
           "The matting Laplacian times an image.");
}

}  // namespace fastphoto::python
