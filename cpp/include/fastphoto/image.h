// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>

#include "fastphoto/export.h"

namespace fastphoto {

using Index = std::ptrdiff_t;

/// A borrowed image of float32 samples, height x width x channels, in any memory order.
///
/// Strides are in bytes and may be negative or zero, so that a host's own buffer is used as it lies. The samples need
/// not be aligned. Photos are sRGB-encoded with 1.0 as white; no function here clips.
struct ImageView {
  const float* data = nullptr;
  Index height = 0;
  Index width = 0;
  Index channels = 0;
  Index row_stride = 0;      ///< bytes from a pixel to the one below
  Index column_stride = 0;   ///< bytes from a pixel to the one on its right
  Index channel_stride = 0;  ///< bytes from a sample to the next channel of the same pixel

  ImageView() = default;

  /// H x W x C samples without gaps, channels varying fastest.
  ImageView(const float* samples, Index rows, Index columns, Index samples_per_pixel)
      : data(samples),
        height(rows),
        width(columns),
        channels(samples_per_pixel),
        row_stride(columns * samples_per_pixel * static_cast<Index>(sizeof(float))),
        column_stride(samples_per_pixel * static_cast<Index>(sizeof(float))),
        channel_stride(static_cast<Index>(sizeof(float))) {}

  Index pixels() const noexcept { return height * width; }

  float at(Index row, Index column, Index channel) const noexcept {
    float sample = 0.0F;
    const char* address =
        reinterpret_cast<const char*>(data) + row * row_stride + column * column_stride + channel * channel_stride;
    std::memcpy(&sample, address, sizeof(sample));  // a borrowed buffer may be misaligned
    return sample;
  }
};

/// Features are C x (H*W), as networks produce them: the same three axes, only that the channel varies slowest.
using FeatureView = ImageView;

/// Borrows C x H x W samples without gaps (for C x N take height 1 and width N).
inline FeatureView feature_view(const float* samples, Index channels, Index height, Index width) {
  constexpr auto bytes = static_cast<Index>(sizeof(float));
  FeatureView view;
  view.data = samples;
  view.height = height;
  view.width = width;
  view.channels = channels;
  view.row_stride = width * bytes;
  view.column_stride = bytes;
  view.channel_stride = height * width * bytes;
  return view;
}

/// Which axis varies fastest in an Image.
enum class Layout {
  Interleaved,  ///< H x W x C
  Planar,       ///< C x H x W
};

/// Frees the samples of an Image.
struct FASTPHOTO_API FreeImage {
  void* region = nullptr;  // of the engine's page pool that the samples are part of; none: they came from new[]
  void operator()(float* samples) const noexcept;
};

/// An owned image without gaps. Move-only: a photo is never copied by accident.
class FASTPHOTO_API Image {
 public:
  Image() = default;

  /// Samples are left uninitialised.
  Image(Index height, Index width, Index channels, Layout layout = Layout::Interleaved);

  const ImageView& view() const noexcept { return view_; }
  Index height() const noexcept { return view_.height; }
  Index width() const noexcept { return view_.width; }
  Index channels() const noexcept { return view_.channels; }
  float* data() noexcept { return samples_.get(); }
  const float* data() const noexcept { return samples_.get(); }

  /// Hands the samples over to the caller, who frees them with delete[]; the image is empty afterwards.
  float* release();

 private:
  std::unique_ptr<float[], FreeImage> samples_;
  ImageView view_;
};

}  // namespace fastphoto
