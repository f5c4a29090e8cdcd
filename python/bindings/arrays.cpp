// SPDX-License-Identifier: Apache-2.0
#include "arrays.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "fastphoto/error.h"

namespace fastphoto::python {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::InvalidArgument, message); }

std::string type_name(const py::object& object) { return py::str(py::type::of(object).attr("__name__")); }

std::string shape_text(const py::array& array) { return py::str(array.attr("shape")); }

py::array float32_array(const py::object& object, const char* name, const char* shape) {
  const std::string expected = std::string(name) + " must be a float32 array of shape " + shape + ", got ";
  if (!py::isinstance<py::array>(object)) {
    refuse(expected + type_name(object));
  }
  auto array = py::reinterpret_borrow<py::array>(object);
  if (!array.dtype().equal(py::dtype::of<float>())) {
    refuse(expected + std::string(py::str(array.dtype())));
  }
  if (array.ndim() != 2 && array.ndim() != 3) {
    refuse(expected + "shape " + shape_text(array));
  }
  return array;
}

const float* samples_of(const py::array& array) { return static_cast<const float*>(array.data()); }

py::array float64_array(const py::object& object, const char* name, py::ssize_t dimensions, const char* expected) {
  py::array_t<double, py::array::c_style | py::array::forcecast> array;
  try {
    array = py::array_t<double, py::array::c_style | py::array::forcecast>(object);
  } catch (const py::error_already_set&) {
    refuse(std::string(name) + " must be " + expected + " of numbers, got " + type_name(object));
  }
  if (array.ndim() != dimensions) {
    refuse(std::string(name) + " must be " + expected + ", got shape " + shape_text(array));
  }
  return array;
}

bool is_type(const py::array& array, const py::dtype& type) { return array.dtype().equal(type); }

bool is_label_map(const py::array& array) {
  const char kind = array.dtype().kind();
  return array.ndim() == 2 && (kind == 'i' || kind == 'u' || kind == 'b');
}

/// Integers as int64, of which an unsigned one may be too large.
py::array as_int64(const py::array& array, const char* name) {
  if (is_type(array, py::dtype::of<std::uint64_t>())) {
    const py::object largest = array.attr("max")();
    if (largest > py::int_(std::numeric_limits<std::int64_t>::max())) {
      refuse(std::string(name) + " must hold labels of at most 64 bits with a sign, got " +
             std::string(py::str(largest)));
    }
  }
  return array.attr("astype")(py::dtype::of<std::int64_t>());
}

/// @param writable  whether samples will be written
py::array pixels_array(const py::object& object, PixelOrder order, const char* name, bool writable) {
  const std::string expected = std::string(name) + " must be a " + (writable ? "writable " : "") +
                               "float32, uint8 or uint16 array of shape H x W x " +
                               std::to_string(samples_per_pixel(order)) + ", got ";
  if (!py::isinstance<py::array>(object)) {
    refuse(expected + type_name(object));
  }
  auto array = py::reinterpret_borrow<py::array>(object);
  if (array.ndim() != 3 || array.shape(2) != samples_per_pixel(order)) {
    refuse(expected + "shape " + shape_text(array));
  }
  if (writable && !array.writeable()) {
    refuse(expected + "one that is read-only");
  }
  return array;
}

template <class Void>
BasicPixels<Void> pixels_of(const py::array& array, Void* data, PixelOrder order, const char* name) {
  BasicPixels<Void> pixels;
  if (is_type(array, py::dtype::of<std::uint8_t>())) {
    pixels.type = SampleType::UInt8;
  } else if (is_type(array, py::dtype::of<std::uint16_t>())) {
    pixels.type = SampleType::UInt16;
  } else if (!is_type(array, py::dtype::of<float>())) {
    refuse(std::string(name) + " must be float32, uint8 or uint16, got " + std::string(py::str(array.dtype())));
  }
  pixels.data = data;
  pixels.order = order;
  pixels.height = array.shape(0);
  pixels.width = array.shape(1);
  pixels.row_stride = array.strides(0);
  pixels.pixel_stride = array.strides(1);
  pixels.sample_stride = array.strides(2);
  return pixels;
}

}  // namespace

ImageView image_argument(const py::object& object, const char* name) {
  const py::array array = float32_array(object, name, "H x W or H x W x C");
  ImageView view;
  view.data = samples_of(array);
  view.height = array.shape(0);
  view.width = array.shape(1);
  view.channels = array.ndim() == 3 ? array.shape(2) : 1;
  view.row_stride = array.strides(0);
  view.column_stride = array.strides(1);
  view.channel_stride = array.ndim() == 3 ? array.strides(2) : 0;
  return view;
}

FeatureView features_argument(const py::object& object, const char* name) {
  const py::array array = float32_array(object, name, "C x N or C x H x W");
  FeatureView view;
  view.data = samples_of(array);
  view.channels = array.shape(0);
  view.channel_stride = array.strides(0);
  view.height = array.ndim() == 3 ? array.shape(1) : 1;
  view.row_stride = array.ndim() == 3 ? array.strides(1) : 0;
  view.width = array.shape(array.ndim() - 1);
  view.column_stride = array.strides(array.ndim() - 1);
  return view;
}

ImageView weights_argument(const py::object& object, const char* name, const py::object& features) {
  if (object.is_none()) {
    return {};
  }
  const auto owner = py::reinterpret_borrow<py::array>(features);
  const std::string expected =
      std::string(name) + " must be None or a float32 array of the features' shape without " + "the channels, got ";
  if (!py::isinstance<py::array>(object)) {
    refuse(expected + type_name(object));
  }
  const auto array = py::reinterpret_borrow<py::array>(object);
  if (!array.dtype().equal(py::dtype::of<float>())) {
    refuse(expected + std::string(py::str(array.dtype())));
  }
  const auto axes = owner.ndim() - 1;
  bool same = array.ndim() == axes;
  for (py::ssize_t i = 0; same && i < axes; ++i) {
    same = array.shape(i) == owner.shape(i + 1);
  }
  if (!same) {
    refuse(expected + "shape " + shape_text(array) + " for features of shape " + shape_text(owner));
  }
  ImageView view;
  view.data = samples_of(array);
  view.channels = 1;
  view.height = axes == 2 ? array.shape(0) : 1;
  view.row_stride = axes == 2 ? array.strides(0) : 0;
  view.width = array.shape(axes - 1);
  view.column_stride = array.strides(axes - 1);
  return view;
}

MaskArgument mask_argument(const py::object& object, const char* name) {
  MaskArgument mask;
  if (object.is_none()) {
    return mask;
  }
  mask.owner = py::array::ensure(object);
  if (!mask.owner) {
    PyErr_Clear();
    refuse(std::string(name) + " must be an array, got " + type_name(object));
  }
  py::array& array = mask.owner;
  if (array.size() > 0 && is_label_map(array)) {
    LabelType type = LabelType::Int64;
    if (array.dtype().kind() == 'b' || is_type(array, py::dtype::of<std::uint8_t>())) {
      type = LabelType::UInt8;
    } else if (is_type(array, py::dtype::of<std::int32_t>())) {
      type = LabelType::Int32;
    } else if (!is_type(array, py::dtype::of<std::int64_t>())) {
      array = as_int64(array, name);
    }
    mask.view = label_map(array.data(), type, array.shape(0), array.shape(1));
    mask.view.row_stride = array.strides(0);
    mask.view.column_stride = array.strides(1);
    return mask;
  }
  if (array.size() > 0 && array.ndim() == 3 && array.dtype().kind() == 'f') {
    array = array.attr("astype")(py::dtype::of<float>(), py::arg("copy") = false);
    mask.view.weights = image_argument(array, name);
    return mask;
  }
  refuse(std::string(name) + " must be H x W integers (label map) or H x W x K floats (soft weights), got shape " +
         shape_text(array) + " of " + std::string(py::str(array.dtype())));
}

Pixels pixels_argument(const py::object& object, PixelOrder order, const char* name) {
  const py::array array = pixels_array(object, order, name, false);
  return pixels_of(array, array.data(), order, name);
}

MutablePixels mutable_pixels_argument(const py::object& object, PixelOrder order, const char* name) {
  py::array array = pixels_array(object, order, name, true);
  return pixels_of(array, array.mutable_data(), order, name);
}

Vector vector_argument(const py::object& object, const char* name) {
  const py::array array = float64_array(object, name, 1, "a vector");
  return Eigen::Map<const Vector>(static_cast<const double*>(array.data()), array.size());
}

Matrix matrix_argument(const py::object& object, const char* name) {
  const py::array array = float64_array(object, name, 2, "a square matrix");
  return Eigen::Map<const Matrix>(static_cast<const double*>(array.data()), array.shape(0), array.shape(1));
}

int int_argument(const py::object& number, const char* name) {
  // Only what Python itself takes as an index: 1.5 and "1" are mistakes, numpy.int64(1) is not.
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(number.ptr()));
  if (!index) {
    PyErr_Clear();
    refuse(std::string(name) + " must be a whole number, got " + std::string(py::repr(number)));
  }
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow != 0 || value > std::numeric_limits<int>::max() || value < std::numeric_limits<int>::min()) {
    refuse(std::string(name) + " is out of range: " + std::string(py::repr(number)));
  }
  return static_cast<int>(value);
}

bool bool_argument(const py::object& value, const char* name) {
  if (!py::isinstance<py::bool_>(value)) {
    refuse(std::string(name) + " must be True or False, got " + std::string(py::repr(value)));
  }
  return value.cast<bool>();
}

double float_argument(const py::object& number, const char* name) {
  const double value = PyFloat_AsDouble(number.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    refuse(std::string(name) + " must be a number, got " + std::string(py::repr(number)));
  }
  return value;
}

Image copy_of(const ImageView& view) {
  Image copy(view.height, view.width, view.channels);
  const Index row_size = view.width * view.channels;
  constexpr auto bytes = static_cast<Index>(sizeof(float));
  const bool without_gaps = view.column_stride == view.channels * bytes && view.channel_stride == bytes;
  for (Index row = 0; row < view.height; ++row) {
    float* const to = copy.data() + row * row_size;
    if (without_gaps) {
      std::memcpy(to, reinterpret_cast<const char*>(view.data) + row * view.row_stride,
                  static_cast<std::size_t>(row_size * bytes));
      continue;
    }
    for (Index i = 0; i < row_size; ++i) {
      to[i] = view.at(row, i / view.channels, i % view.channels);
    }
  }
  return copy;
}

py::array move_out(Image&& image, const py::array::ShapeContainer& shape) {
  const float* samples = image.release();
  const py::capsule owner(samples, [](void* memory) { delete[] static_cast<float*>(memory); });
  return py::array_t<float>(shape, samples, owner);
}

py::array::ShapeContainer shape_of(const py::object& object) {
  const auto array = py::reinterpret_borrow<py::array>(object);
  return std::vector<py::ssize_t>(array.shape(), array.shape() + array.ndim());
}

}  // namespace fastphoto::python
