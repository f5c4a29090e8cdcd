// SPDX-License-Identifier: Apache-2.0
//
// Resizing.
#include <pybind11/pybind11.h>

#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/resample.h"
#include "gil.h"

namespace fastphoto::python {

void bind_resample(py::module_& module) {
  module.def(
      "resize",
      [](const py::object& image, const py::object& height, const py::object& width, const py::object& threads) {
        const ImageView view = image_argument(image, "image");
        const int rows = int_argument(height, "height");
        const int columns = int_argument(width, "width");
        const int count = int_argument(threads, "threads");
        Image result;
        {
          const WithoutGil unlocked;
          result = resize(view, rows, columns, count);
        }
        py::array::ShapeContainer shape = shape_of(image);
        (*shape)[0] = rows;
        (*shape)[1] = columns;
        return move_out(std::move(result), shape);
      },
      py::arg("image"), py::arg("height"), py::arg("width"), py::arg("threads"),
      "The image at another size: stretched Lanczos where it shrinks, cubic convolution where it grows.");
  module.def(
      "add_resized",
      [](const py::object& content, const py::object& change, const py::object& threads) {
        const ImageView content_view = image_argument(content, "content");
        const ImageView change_view = image_argument(change, "change");
        const int count = int_argument(threads, "threads");
        Image result(content_view.height, content_view.width, content_view.channels);
        {
          const WithoutGil unlocked;
          add_resized(content_view, change_view, result, count);
        }
        return move_out(std::move(result), shape_of(content));
      },
      py::arg("content"), py::arg("change"), py::arg("threads"), "content + resize(change, size of content)");
}

}  // namespace fastphoto::python
