// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/statistics.h"
#include "gil.h"
#include "numbers.h"

namespace fastphoto::python {

namespace {

bool same(const Statistics& a, const Statistics& b) {
  return a.channels() == b.channels() && a.weight == b.weight && a.mean == b.mean && a.covariance == b.covariance;
}

}  // namespace

void bind_statistics(py::module_& module) {
  py::class_<Statistics>(module, "Statistics",
                         "Mean (C) and covariance (C x C) of features, float64, with the sum of their weights.")
      .def(py::init([](const py::object& mean, const py::object& covariance, const py::object& weight) {
             return Statistics(vector_argument(mean, "mean"), matrix_argument(covariance, "covariance"),
                               float_argument(weight, "weight"));
           }),
           py::arg("mean"), py::arg("covariance"), py::arg("weight") = Statistics().weight)
      .def_property_readonly("mean",
                             [](const py::object& self) { return view_of(self.cast<const Statistics&>().mean, self); })
      .def_property_readonly(
          "covariance", [](const py::object& self) { return view_of(self.cast<const Statistics&>().covariance, self); })
      .def_readonly("weight", &Statistics::weight)
      .def_property_readonly("channels", &Statistics::channels)
      .def(
          "__eq__", [](const Statistics& self, const Statistics& other) { return same(self, other); },
          py::is_operator())
      .def("__hash__",
           [](const Statistics& self) {
             return py::hash(py::make_tuple(self.channels(), self.weight, self.channels() > 0 ? self.mean(0) : 0.0));
           })
      .def("__reduce__",
           [](const py::object& self) {
             const py::tuple state = py::make_tuple(self.attr("mean"), self.attr("covariance"), self.attr("weight"));
             return py::make_tuple(py::type::of(self), state);
           })
      .def("__repr__", [](const Statistics& self) {
        return py::str("Statistics(channels={}, weight={})").format(self.channels(), self.weight);
      });

  module.def(
      "mean_and_covariance",
      [](const py::object& features, const py::object& weights, const py::object& threads) {
        const FeatureView view = features_argument(features, "features");
        const ImageView weight_view = weights_argument(weights, "weights", features);
        const int count = int_argument(threads, "threads");
        const WithoutGil unlocked;
        return mean_and_covariance(view, weight_view, count);
      },
      py::arg("features"), py::arg("weights") = py::none(), py::kw_only(), py::arg("threads") = all_threads,
      "Mean and covariance of float32 features, C x N or C x H x W, with weights N or H x W or none.");
}

}  // namespace fastphoto::python
