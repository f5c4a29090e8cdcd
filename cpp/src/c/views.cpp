// SPDX-License-Identifier: Apache-2.0
//
// Borrowed photos, masks and images of the C API, as the C++ API takes them.
#include "c/views.h"

#include <limits>
#include <string>

#include "c/structs.h"

namespace fastphoto::c {
namespace {

/// Products of extents must not overflow, whatever the samples' type.
void expect_extents(Index height, Index width, Index samples, const char* name) {
  constexpr Index most = std::numeric_limits<Index>::max() / 64;
  const bool fits =
      height >= 1 && width >= 1 && samples >= 1 && height <= most / width && height * width <= most / samples;
  expect(fits, std::string("found ") + name + " of " + std::to_string(height) + " x " + std::to_string(width) + " x " +
                   std::to_string(samples) +
                   " (height, width, samples of a pixel); expected at least 1 x 1 x 1, and "
                   "no more than memory can hold");
}

Index stride_or(Index given, Index without_gaps) { return given != 0 ? given : without_gaps; }

template <class Result, class Struct>
Result read_pixel_struct(const Struct* pixels, const char* name, const char* type_name) {
  expect_given(pixels, name);
  const Struct given = read_struct(pixels, type_name, Struct());
  expect_given(given.data, name);
  const SampleType type = read_enum(given.type, SampleType::UInt16, "type of samples");
  const PixelOrder order = read_enum(given.order, PixelOrder::BGRA, "order of samples");
  expect_extents(given.height, given.width, samples_per_pixel(order), name);
  Result result(given.data, given.height, given.width, type, order);
  result.row_stride = stride_or(given.row_stride, result.row_stride);
  result.pixel_stride = stride_or(given.pixel_stride, result.pixel_stride);
  result.sample_stride = stride_or(given.sample_stride, result.sample_stride);
  return result;
}

}  // namespace

Pixels read_view(const fastphoto_pixels* pixels, const char* name) {
  return read_pixel_struct<Pixels>(pixels, name, "fastphoto_pixels");
}

MutablePixels read_view(const fastphoto_mutable_pixels* pixels, const char* name) {
  return read_pixel_struct<MutablePixels>(pixels, name, "fastphoto_mutable_pixels");
}

ImageView read_view(const fastphoto_image* image, const char* name) {
  expect_given(image, name);
  const fastphoto_image given = read_struct(image, "fastphoto_image", fastphoto_image());
  expect_given(given.data, name);
  expect_extents(given.height, given.width, given.channels, name);
  ImageView view(given.data, given.height, given.width, given.channels);
  view.row_stride = stride_or(given.row_stride, view.row_stride);
  view.column_stride = stride_or(given.column_stride, view.column_stride);
  view.channel_stride = stride_or(given.channel_stride, view.channel_stride);
  return view;
}

MaskView read_view(const fastphoto_mask* mask, const char* name) {
  if (mask == nullptr) {
    return {};
  }
  const fastphoto_mask given = read_struct(mask, "fastphoto_mask", fastphoto_mask());
  const bool both = given.labels != nullptr && given.weights != nullptr;
  const bool neither = given.labels == nullptr && given.weights == nullptr && given.alpha == nullptr;
  expect(!both && !neither, std::string("found ") + name + " with " +
                                (both ? "both labels and weights" : "neither labels nor weights nor alpha") +
                                "; expected one of them");
  MaskView view;
  if (given.labels != nullptr) {
    expect_extents(given.height, given.width, 1, name);
    const LabelType type = read_enum(given.label_type, LabelType::Int64, "type of labels");
    const Index size = type == LabelType::UInt8 ? 1 : type == LabelType::Int32 ? 4 : 8;
    view.labels = given.labels;
    view.type = type;
    view.height = given.height;
    view.width = given.width;
    view.row_stride = stride_or(given.row_stride, given.width * size);
    view.column_stride = stride_or(given.column_stride, size);
  }
  if (given.weights != nullptr) {
    expect_extents(given.height, given.width, given.weight_count, name);
    view.weights = ImageView(given.weights, given.height, given.width, given.weight_count);
    view.weights.row_stride = stride_or(given.row_stride, view.weights.row_stride);
    view.weights.column_stride = stride_or(given.column_stride, view.weights.column_stride);
    view.weights.channel_stride = stride_or(given.weight_stride, view.weights.channel_stride);
  }
  if (given.alpha != nullptr) {
    view.alpha = read_view(given.alpha, (std::string("alpha of the ") + name).c_str());
  }
  return view;
}

}  // namespace fastphoto::c

fastphoto_status fastphoto_pixels_init(fastphoto_pixels* pixels, size_t struct_size) {
  return fastphoto::c::initialise(pixels, struct_size, "fastphoto_pixels", {});
}

fastphoto_status fastphoto_mutable_pixels_init(fastphoto_mutable_pixels* pixels, size_t struct_size) {
  return fastphoto::c::initialise(pixels, struct_size, "fastphoto_mutable_pixels", {});
}

fastphoto_status fastphoto_image_init(fastphoto_image* image, size_t struct_size) {
  return fastphoto::c::initialise(image, struct_size, "fastphoto_image", {});
}

fastphoto_status fastphoto_mask_init(fastphoto_mask* mask, size_t struct_size) {
  return fastphoto::c::initialise(mask, struct_size, "fastphoto_mask", {});
}
