// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/transform.h"
#include "gil.h"
#include "numbers.h"
#include "options.h"

namespace fastphoto::python {

namespace {

using Method = AffineTransform (*)(const Statistics&, const Statistics&, const TransformOptions&);

void bind_method(py::module_& module, const char* name, Method method, const char* doc) {
  module.def(
      name,
      [method](const Statistics& content, const Statistics& style, const py::kwargs& options) {
        const TransformOptions values = OptionsClass<TransformOptions>::from_keywords(options);
        const WithoutGil unlocked;
        return method(content, style, values);
      },
      py::arg("content"), py::arg("style"), doc);
}

}  // namespace

void bind_transform(py::module_& module) {
  OptionsClass<TransformOptions>(module, "TransformOptions", "Options of whitening_coloring and monge_kantorovich.")
      .field("content_ridge", &TransformOptions::content_ridge)
      .field("style_ridge", &TransformOptions::style_ridge)
      .field("eigenvalue_cut", &TransformOptions::eigenvalue_cut)
      .field("strength", &TransformOptions::strength);

  py::class_<AffineTransform>(module, "AffineTransform", "An affine map of features, f' = matrix f + offset, float64.")
      .def(py::init([](const py::object& matrix, const py::object& offset) {
             return AffineTransform(matrix_argument(matrix, "matrix"), vector_argument(offset, "offset"));
           }),
           py::arg("matrix"), py::arg("offset"))
      .def_property_readonly(
          "matrix", [](const py::object& self) { return view_of(self.cast<const AffineTransform&>().matrix, self); })
      .def_property_readonly(
          "offset", [](const py::object& self) { return view_of(self.cast<const AffineTransform&>().offset, self); })
      .def_property_readonly("channels", &AffineTransform::channels)
      .def(
          "apply",
          [](const AffineTransform& self, const py::object& features, const py::object& threads) {
            const FeatureView view = features_argument(features, "features");
            const int count = int_argument(threads, "threads");
            Image result;
            {
              const WithoutGil unlocked;
              result = self.apply(view, count);
            }
            return move_out(std::move(result), shape_of(features));
          },
          py::arg("features"), py::kw_only(), py::arg("threads") = all_threads,
          "The map of float32 features, C x N or C x H x W.")
      .def("__repr__",
           [](const AffineTransform& self) { return py::str("AffineTransform(channels={})").format(self.channels()); });

  bind_method(module, "whitening_coloring", &whitening_coloring,
              "Whitening and colouring: the style's mean and covariance through symmetric square roots.");
  bind_method(module, "monge_kantorovich", &monge_kantorovich,
              "The same statistics with the least change of the features.");
}

}  // namespace fastphoto::python
