// SPDX-License-Identifier: Apache-2.0
//
// Maps of colours and the compression into their range.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/colour_map.h"
#include "fastphoto/gamut.h"
#include "fastphoto/knothe_rosenblatt.h"
#include "gil.h"
#include "options.h"

namespace fastphoto::python {

namespace {

void bind_knothe_rosenblatt(py::module_& module) {
  OptionsClass<KnotheRosenblattOptions>(module, "KnotheRosenblattOptions",
                                        "Options of knothe_rosenblatt and levels_share.")
      .field("content_ridge", &KnotheRosenblattOptions::content_ridge)
      .field("style_ridge", &KnotheRosenblattOptions::style_ridge)
      .field("max_gain", &KnotheRosenblattOptions::max_gain)
      .field("least_shift", &KnotheRosenblattOptions::least_shift)
      .field("strength", &KnotheRosenblattOptions::strength);
  module.def("knothe_rosenblatt", &knothe_rosenblatt, py::arg("content"), py::arg("style"), py::arg("options"),
             py::call_guard<WithoutGil>(),
             "The affine map of R, G, B that gives the content the style's luma, and its chroma given luma.");
  module.def("levels_share", &levels_share, py::arg("content"), py::arg("style"), py::arg("options"),
             py::call_guard<WithoutGil>(),
             "How far of their way the levels after the colours may move their mean features, 0 to 1.");
}

void bind_gamut(py::module_& module) {
  OptionsClass<GamutOptions>(module, "GamutOptions", "Options of compress_to_gamut.")
      .field("shares", &GamutOptions::shares)
      .field("shadows_counted", &GamutOptions::shadows_counted)
      .field("highlights_counted", &GamutOptions::highlights_counted)
      .field("knee_per_excess", &GamutOptions::knee_per_excess)
      .field("largest_shadow_knee", &GamutOptions::largest_shadow_knee)
      .field("largest_highlight_knee", &GamutOptions::largest_highlight_knee)
      .field("least_excess", &GamutOptions::least_excess);
  module.def(
      "compress_to_gamut",
      [](const py::object& photo, const GamutOptions& options, const py::object& threads) {
        const ImageView view = image_argument(photo, "photo");
        const int count = int_argument(threads, "threads");
        Image result;
        {
          const WithoutGil unlocked;
          result = copy_of(view);
          compress_to_gamut(result, options, count);
        }
        return move_out(std::move(result), shape_of(photo));
      },
      py::arg("photo"), py::arg("options"), py::arg("threads"),
      "The photo with its values in 0..1: shadows and highlights beyond are compressed.");
}

ColourMap make_colour_map(ColourMapKind kind, const std::vector<Index>& extents, const py::object& parameters) {
  const Vector numbers = vector_argument(parameters, "parameters");
  ColourMap map;
  map.kind = kind;
  map.extents = extents;
  map.parameters.resize(static_cast<std::size_t>(numbers.size()));
  Eigen::Map<Eigen::VectorXf>(map.parameters.data(), numbers.size()) = numbers.cast<float>();
  return map;
}

void bind_colour_map(const py::module_& module) {
  py::enum_<ColourMapKind>(module, "ColourMapKind", "What an estimator predicts.")
      .value("MATRIX_AND_CURVES", ColourMapKind::MatrixAndCurves)
      .value("LUT", ColourMapKind::Lut)
      .value("GRID", ColourMapKind::Grid);

  py::class_<ColourMap>(module, "ColourMap", "A map of colours and its parameters.")
      .def(py::init(&make_colour_map), py::arg("kind"), py::arg("extents"), py::arg("parameters"))
      .def_static("parameter_count", &ColourMap::parameter_count, py::arg("kind"), py::arg("extents"),
                  "How many parameters a map of that kind and extents has.")
      .def(
          "apply",
          [](const ColourMap& self, const py::object& photo, const py::object& strength, const py::object& threads) {
            const ImageView view = image_argument(photo, "photo");
            const double share = float_argument(strength, "strength");
            const int count = int_argument(threads, "threads");
            Image result;
            {
              const WithoutGil unlocked;
              result = self.apply(view, share, count);
            }
            return move_out(std::move(result), shape_of(photo));
          },
          py::arg("photo"), py::arg("strength") = 1.0, py::kw_only(), py::arg("threads") = all_threads,
          "The photo with its colours mapped, mixed with its own by strength.");
}

}  // namespace

void bind_colour(py::module_& module) {
  bind_knothe_rosenblatt(module);
  bind_gamut(module);
  bind_colour_map(module);
}

}  // namespace fastphoto::python
