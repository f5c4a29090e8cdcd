// SPDX-License-Identifier: Apache-2.0
//
// Pixels in a host's format, read and written.
#include <pybind11/pybind11.h>

#include <string>
#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/pixels.h"
#include "gil.h"

namespace fastphoto::python {

void bind_pixels(py::module_& module) {
  py::enum_<PixelOrder>(module, "PixelOrder", "The order of a pixel's samples.")
      .value("RGB", PixelOrder::RGB)
      .value("RGBA", PixelOrder::RGBA)
      .value("BGR", PixelOrder::BGR)
      .value("BGRA", PixelOrder::BGRA);

  module.def(
      "read_pixels",
      [](const py::object& array, PixelOrder order, const std::string& name, const py::object& threads) {
        const Pixels pixels = pixels_argument(array, order, name.c_str());
        const int count = int_argument(threads, "threads");
        Image photo;
        {
          const WithoutGil unlocked;
          photo = read_pixels(pixels, name.c_str(), count);
        }
        return move_out(std::move(photo), {pixels.height, pixels.width, Index{3}});
      },
      py::arg("array"), py::arg("order"), py::arg("name"), py::arg("threads"),
      "H x W x 3 float32 in 0..1, R, G, B, of float32, uint8 or uint16 pixels.");
  module.def(
      "write_pixels",
      [](const py::object& photo, const py::object& alpha_from, PixelOrder alpha_order, const py::object& result,
         PixelOrder order, const py::object& threads) {
        const ImageView view = image_argument(photo, "photo");
        Pixels alpha;
        if (!alpha_from.is_none()) {
          alpha = pixels_argument(alpha_from, alpha_order, "alpha_from");
        }
        const MutablePixels pixels = mutable_pixels_argument(result, order, "result");
        const int count = int_argument(threads, "threads");
        const WithoutGil unlocked;
        write_pixels(view, alpha, pixels, count);
      },
      py::arg("photo"), py::arg("alpha_from"), py::arg("alpha_order"), py::arg("result"), py::arg("order"),
      py::arg("threads"), "Writes a photo into an array of float32, uint8 or uint16 pixels.");
}

}  // namespace fastphoto::python
