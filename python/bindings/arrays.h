// SPDX-License-Identifier: Apache-2.0
//
// The border between NumPy and the core: the only place that checks array types, shapes and layout, and that hands
// memory over. Arrays are borrowed with their strides, never copied; results are moved out, never copied.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "fastphoto/image.h"
#include "fastphoto/labels.h"
#include "fastphoto/pixels.h"
#include "fastphoto/statistics.h"

namespace fastphoto::python {

namespace py = pybind11;

/// H x W or H x W x C float32. The view is good as long as the array is.
ImageView image_argument(const py::object& array, const char* name);

/// C x N or C x H x W float32.
FeatureView features_argument(const py::object& array, const char* name);

/// None, or float32 of the features' shape without their first axis.
ImageView weights_argument(const py::object& array, const char* name, const py::object& features);

/// A mask, with the array that holds its samples: the argument itself, or a copy of a type that the core takes.
struct MaskArgument {
  py::array owner;
  MaskView view;
};

/// None (no mask), H x W whole numbers or H x W x K floating-point weights, of any size.
MaskArgument mask_argument(const py::object& array, const char* name);

/// H x W x 3 or 4 float32, uint8 or uint16, as the order says. What is to be written must be writable.
Pixels pixels_argument(const py::object& array, PixelOrder order, const char* name);
MutablePixels mutable_pixels_argument(const py::object& array, PixelOrder order, const char* name);

/// A vector or square matrix of numbers, converted to float64 (these are small).
Vector vector_argument(const py::object& array, const char* name);
Matrix matrix_argument(const py::object& array, const char* name);

/// Numbers with an error that names the argument.
int int_argument(const py::object& number, const char* name);
bool bool_argument(const py::object& number, const char* name);
double float_argument(const py::object& number, const char* name);

/// The samples of an image without gaps, to be changed in place.
Image copy_of(const ImageView& view);

/// float32 array that owns the image's samples, in the given shape.
py::array move_out(Image&& image, const py::array::ShapeContainer& shape);

/// The shape of an array argument that was accepted above.
py::array::ShapeContainer shape_of(const py::object& array);

}  // namespace fastphoto::python
