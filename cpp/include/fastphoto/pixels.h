// SPDX-License-Identifier: Apache-2.0
//
// Borrowed pixels in the formats that hosts hold them in.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// The type of a sample. Whole numbers are whole scales: their largest value is white, 1.0.
enum class SampleType : std::uint8_t { Float32, UInt8, UInt16 };

/// The order of a pixel's samples.
enum class PixelOrder : std::uint8_t { RGB, RGBA, BGR, BGRA };

/// Bytes of one sample.
constexpr Index sample_size(SampleType type) noexcept {
  return type == SampleType::UInt8 ? 1 : type == SampleType::UInt16 ? 2 : 4;
}

/// Samples of one pixel, alpha included.
constexpr Index samples_per_pixel(PixelOrder order) noexcept {
  return order == PixelOrder::RGBA || order == PixelOrder::BGRA ? 4 : 3;
}

/// A photo in the caller's memory, height x width pixels, sRGB-encoded. Strides are in bytes and may be negative;
/// samples need not be aligned. The pixels must stay as they are until the call that was given them returns.
template <class Void>
struct BasicPixels {
  Void* data = nullptr;
  Index height = 0;
  Index width = 0;
  SampleType type = SampleType::Float32;
  PixelOrder order = PixelOrder::RGB;
  Index row_stride = 0;     ///< from a pixel to the one below
  Index pixel_stride = 0;   ///< from a pixel to the one on its right
  Index sample_stride = 0;  ///< from a sample to the next one of its pixel

  BasicPixels() = default;

  /// Pixels without gaps.
  BasicPixels(Void* samples, Index rows, Index columns, SampleType sample_type = SampleType::Float32,
              PixelOrder pixel_order = PixelOrder::RGB)
      : BasicPixels(samples, rows, columns, sample_type, pixel_order,
                    columns * samples_per_pixel(pixel_order) * sample_size(sample_type)) {}

  /// Pixels without gaps in a row; rows are `stride` bytes apart.
  BasicPixels(Void* samples, Index rows, Index columns, SampleType sample_type, PixelOrder pixel_order, Index stride)
      : data(samples),
        height(rows),
        width(columns),
        type(sample_type),
        order(pixel_order),
        row_stride(stride),
        pixel_stride(samples_per_pixel(pixel_order) * sample_size(sample_type)),
        sample_stride(sample_size(sample_type)) {}

  bool has_alpha() const noexcept { return samples_per_pixel(order) == 4; }
};

using Pixels = BasicPixels<const void>;   ///< to read
using MutablePixels = BasicPixels<void>;  ///< to write

/// Height x width x 3 float32 in 0..1, RGB. Alpha is left out.
///
/// @param name  of the argument, for messages.
/// @throws Error(InvalidArgument) if there is no pixel, or a floating-point sample is NaN, infinite or outside 0..1.
FASTPHOTO_API Image read_pixels(const Pixels& pixels, const char* name, Threads threads = {});

/// Writes a photo (height x width x 3, 0..1) into the caller's memory. Whole numbers are rounded to the nearest. Alpha,
/// where `pixels` has it, is that of `alpha_from`, or opaque where that has none (a view without data has none).
///
/// @throws Error(InvalidArgument) unless all have the same height and width.
FASTPHOTO_API void write_pixels(const ImageView& photo, const Pixels& alpha_from, const MutablePixels& pixels,
                                Threads threads = {});

}  // namespace fastphoto
