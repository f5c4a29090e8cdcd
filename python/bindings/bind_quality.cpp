// SPDX-License-Identifier: Apache-2.0
//
// The steps of a photo that is smoothed at a smaller size; for tests of each by itself.
#include <pybind11/pybind11.h>

#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "engine/full_size.h"
#include "engine/smaller_smoothing.h"
#include "gil.h"

namespace fastphoto::python {

namespace {

py::tuple smooth(const py::object& content, const py::object& stylized, const py::object& ratio,
                 const SmoothingOptions& options, const py::object& threads) {
  const ImageView content_view = image_argument(content, "content");
  const ImageView stylized_view = image_argument(stylized, "stylized");
  const double times = float_argument(ratio, "ratio");
  const int count = int_argument(threads, "threads");
  SmallerSmoothing result;
  {
    const WithoutGil unlocked;
    result = smooth_smaller(content_view, stylized_view, times, options, {}, count);
  }
  return py::make_tuple(move_out(std::move(result.smoothed), shape_of(stylized)), result.info, result.expected_error);
}

void finish(const py::object& content, const py::object& small_content, const py::object& smoothed,
            const py::object& result, const GamutOptions& gamut, const DetailOptions& detail,
            const py::object& threads) {
  const Pixels pixels = pixels_argument(content, PixelOrder::RGB, "content");
  const MutablePixels to = mutable_pixels_argument(result, PixelOrder::RGB, "result");
  const ImageView of_content = image_argument(small_content, "small_content");
  const ImageView of_result = image_argument(smoothed, "smoothed");
  const int count = int_argument(threads, "threads");
  const WithoutGil unlocked;
  finish_at_full_size(pixels, {copy_of(of_content), copy_of(of_result)}, gamut, detail, {}, to, count);
}

}  // namespace

void bind_quality(py::module_& module) {
  module.def("smooth_smaller", &smooth, py::arg("content"), py::arg("stylized"), py::arg("ratio"), py::arg("options"),
             py::arg("threads"), "(smoothed, SmoothingInfo, expected error)");
  module.def("finish_at_full_size", &finish, py::arg("content"), py::arg("small_content"), py::arg("smoothed"),
             py::arg("result"), py::arg("gamut"), py::arg("detail"), py::arg("threads"));
}

}  // namespace fastphoto::python
