// SPDX-License-Identifier: Apache-2.0
//
// Masks as weights of labels.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/labels.h"
#include "gil.h"
#include "options.h"

namespace fastphoto::python {

namespace {

/// A read-only array over the weights, which keeps their owner alive.
py::array weights_of(const py::object& self) {
  const Image& weights = self.cast<const LabelWeights&>().weights;
  py::array_t<float> array({weights.channels(), weights.height(), weights.width()}, weights.data(), self);
  array.attr("setflags")(py::arg("write") = false);
  return std::move(array);
}

py::dict areas_of(const LabelWeights& self) {
  py::dict result;
  const std::vector<double> areas = self.areas();
  for (std::size_t i = 0; i < areas.size(); ++i) {
    result[py::int_(self.labels[i])] = areas[i];
  }
  return result;
}

}  // namespace

void bind_labels(py::module_& module) {
  OptionsClass<LabelOptions>(module, "LabelOptions", "Which labels of two masks take part.")
      .field("min_area", &LabelOptions::min_area)
      .field("max_area_ratio", &LabelOptions::max_area_ratio);

  py::class_<LabelWeights>(module, "LabelWeights", "Labels of a photo and how much each pixel belongs to them.")
      .def_property_readonly("labels", [](const LabelWeights& self) { return py::tuple(py::cast(self.labels)); })
      .def_property_readonly("weights", &weights_of)
      .def("areas", &areas_of, "Pixels of each label: sums of weights.")
      .def(
          "select",
          [](const LabelWeights& self, const std::vector<std::int64_t>& labels) {
            Image selected;
            {
              const WithoutGil unlocked;
              selected = self.select(labels);
            }
            const py::array::ShapeContainer shape = {selected.channels(), selected.height(), selected.width()};
            return move_out(std::move(selected), shape);
          },
          py::arg("labels"), "The weights of some labels and, last, what is left of each pixel for none of them.");

  module.def(
      "label_weights",
      [](const py::object& mask, const py::object& height, const py::object& width, const std::string& name) {
        const MaskArgument argument = mask_argument(mask, name.c_str());
        const int rows = int_argument(height, "height");
        const int columns = int_argument(width, "width");
        const WithoutGil unlocked;
        return label_weights(argument.view, rows, columns, name.c_str());
      },
      py::arg("mask"), py::arg("height"), py::arg("width"), py::arg("name"),
      "Reads a mask at the size of its photo: H x W integers or H x W x K weights.");
  module.def(
      "shared_labels",
      [](const std::map<std::int64_t, double>& content, const std::map<std::int64_t, double>& style,
         const LabelOptions& options) { return shared_labels(content, style, options); },
      py::arg("content"), py::arg("style"), py::arg("options"), "The labels that take part, given both photos' areas.");
}

}  // namespace fastphoto::python
