// SPDX-License-Identifier: Apache-2.0
//
// Reads a host's pixels as float32 and writes a photo into a host's pixels.
#include "fastphoto/pixels.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/multiversion.h"
#include "base/pixel_rows.h"
#include "base/read_rows.h"

namespace fastphoto {

namespace {

/// So far outside of 0..1 rounding may have brought a sample; it counts as the end of the range.
constexpr float rounding = 1e-6F;

/// Without an early end, which would keep the compiler from taking many at once.
FASTPHOTO_MULTIVERSION bool all_in_range(float* samples, Index count) {
  std::uint32_t others = 0;
  for (Index i = 0; i < count; ++i) {
    others |= samples[i] >= -rounding && samples[i] <= 1.0F + rounding ? 0U : 1U;
    samples[i] = samples[i] < 0.0F ? 0.0F : samples[i] > 1.0F ? 1.0F : samples[i];
  }
  return others == 0;
}

/// Names what is wrong with floating-point samples of which some are.
void refuse(const Pixels& pixels, const char* name) {
  std::vector<float> samples(static_cast<std::size_t>(pixels.height * pixels.width * 3));
  for (Index row = 0; row < pixels.height; ++row) {
    read_rgb(pixels, row, samples.data() + row * pixels.width * 3);
  }
  const float* const begin = samples.data();
  const float* const end = begin + samples.size();
  require(std::all_of(begin, end, [](float sample) { return std::isfinite(sample); }),
          std::string(name) + " must be finite, it holds NaN or infinity");
  const auto [low, high] = std::minmax_element(begin, end);
  require(false, std::string(name) + " must lie in 0..1 if it is floating-point, got values from " +
                     number_text(static_cast<double>(*low)) + " to " + number_text(static_cast<double>(*high)));
}

template <class Void>
void require_pixels(const BasicPixels<Void>& pixels, const char* name) {
  require(pixels.data != nullptr && pixels.height > 0 && pixels.width > 0,
          std::string(name) + " is empty (" + std::to_string(pixels.height) + " x " + std::to_string(pixels.width) +
              (pixels.data == nullptr ? ", no memory" : "") + "); expected at least one pixel");
}

template <class Void>
void require_size(const BasicPixels<Void>& pixels, const char* name, const ImageView& photo) {
  require(pixels.height == photo.height && pixels.width == photo.width,
          std::string(name) + " must have the photo's size, " + std::to_string(photo.height) + " x " +
              std::to_string(photo.width) + ", got " + std::to_string(pixels.height) + " x " +
              std::to_string(pixels.width));
}

}  // namespace

void require_photo(const Pixels& pixels, const char* name, Threads threads) {
  require_pixels(pixels, name);
  if (pixels.type != SampleType::Float32) {
    return;
  }
  std::vector<char> good(static_cast<std::size_t>(pixels.height), 1);
  {
    Workers workers(threads);
    workers.run(pixels.height, rows_per_chunk, [&](Index begin, Index end) {
      std::vector<float> samples(static_cast<std::size_t>(pixels.width * 3));
      for (Index row = begin; row < end; ++row) {
        read_rgb(pixels, row, samples.data());
        good[static_cast<std::size_t>(row)] = all_in_range(samples.data(), pixels.width * 3) ? 1 : 0;
      }
    });
  }
  if (std::find(good.begin(), good.end(), 0) != good.end()) {
    static_cast<void>(read_pixels(pixels, name, threads));  // says what is wrong
  }
}

Image read_pixels(const Pixels& pixels, const char* name, Threads threads) {
  require_pixels(pixels, name);
  Workers workers(threads);
  Image photo(pixels.height, pixels.width, 3);
  std::vector<char> good(static_cast<std::size_t>(pixels.height), 1);
  workers.run(pixels.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      float* const to = photo.data() + row * pixels.width * 3;
      read_rgb(pixels, row, to);
      if (pixels.type == SampleType::Float32) {
        good[static_cast<std::size_t>(row)] = all_in_range(to, pixels.width * 3) ? 1 : 0;
      }
    }
  });
  if (std::find(good.begin(), good.end(), 0) != good.end()) {
    refuse(pixels, name);
  }
  return photo;
}

void write_pixels(const ImageView& photo, const Pixels& alpha_from, const MutablePixels& pixels, Threads threads) {
  require_pixels(pixels, "result");
  require(photo.data != nullptr && photo.channels == 3, "photo must be H x W x 3, got " + shape_text(photo));
  require_size(pixels, "result", photo);
  if (alpha_from.data != nullptr) {
    require_size(alpha_from, "the photo that alpha is taken from", photo);
  }
  Workers workers(threads);
  workers.run(photo.height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> scratch(static_cast<std::size_t>(photo.width * 3));
    RowWriter writer(alpha_from, pixels);
    for (Index row = begin; row < end; ++row) {
      writer.write(interleaved_row(photo, row, scratch.data()), row);
    }
  });
}

}  // namespace fastphoto
