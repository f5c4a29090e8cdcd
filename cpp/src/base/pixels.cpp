// SPDX-License-Identifier: Apache-2.0
//
// Reads a host's pixels as float32 and writes a photo into a host's pixels.
#include "fastphoto/pixels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "base/multiversion.h"
#include "base/read_rows.h"

namespace fastphoto {

namespace {

/// The sample that is white.
template <class Sample>
constexpr float white = 1.0F;
template <>
constexpr float white<std::uint8_t> = 255.0F;
template <>
constexpr float white<std::uint16_t> = 65535.0F;

/// Bytes from a pixel to the next one and to its red, green and blue samples.
struct Steps {
  Index pixel;
  Index red;
  Index green;
  Index blue;
};

template <class Void>
Steps steps_of(const BasicPixels<Void>& pixels) {
  const bool red_first = pixels.order == PixelOrder::RGB || pixels.order == PixelOrder::RGBA;
  const Index last = 2 * pixels.sample_stride;
  return {pixels.pixel_stride, red_first ? 0 : last, pixels.sample_stride, red_first ? last : 0};
}

/// Pixels without gaps, as most hosts hold them.
template <class Sample>
constexpr Steps packed(Index samples, bool red_first) {
  constexpr auto size = static_cast<Index>(sizeof(Sample));
  return {samples * size, red_first ? 0 : 2 * size, size, red_first ? 2 * size : 0};
}

bool same(const Steps& a, const Steps& b) {
  return a.pixel == b.pixel && a.red == b.red && a.green == b.green && a.blue == b.blue;
}

/// body(steps), where the usual steps are constants to the compiler.
template <class Sample, class Body>
FASTPHOTO_INLINE void with_usual_steps(const Steps& steps, const Body& body) {
  if (same(steps, packed<Sample>(3, true))) {
    body(packed<Sample>(3, true));
  } else if (same(steps, packed<Sample>(4, true))) {
    body(packed<Sample>(4, true));
  } else if (same(steps, packed<Sample>(4, false))) {
    body(packed<Sample>(4, false));
  } else {
    body(steps);
  }
}

template <class Sample>
FASTPHOTO_INLINE float read_sample(const char* from) {
  Sample sample;
  std::memcpy(&sample, from, sizeof(sample));  // may be misaligned
  return static_cast<float>(sample) / white<Sample>;
}

template <class Sample>
FASTPHOTO_INLINE void write_sample(float value, char* to) {
  Sample sample;
  if constexpr (std::is_integral_v<Sample>) {
    const float inside = value > 0.0F ? (value < 1.0F ? value : 1.0F) : 0.0F;  // NaN becomes 0
    sample = static_cast<Sample>(std::rint(inside * white<Sample>));
  } else {
    sample = value;
  }
  std::memcpy(to, &sample, sizeof(sample));
}

template <class Sample>
FASTPHOTO_INLINE void read_pixel_row(const char* from, const Steps& steps, Index count, float* out) {
  with_usual_steps<Sample>(steps, [&](const Steps& known) FASTPHOTO_INLINE_LAMBDA {
    const char* pixel = from;
    float* FASTPHOTO_RESTRICT to = out;
    for (Index x = 0; x < count; ++x, pixel += known.pixel, to += 3) {
      to[0] = read_sample<Sample>(pixel + known.red);
      to[1] = read_sample<Sample>(pixel + known.green);
      to[2] = read_sample<Sample>(pixel + known.blue);
    }
  });
}

template <class Sample>
FASTPHOTO_INLINE void write_pixel_row(const float* from, const Steps& steps, Index count, char* out) {
  with_usual_steps<Sample>(steps, [&](const Steps& known) FASTPHOTO_INLINE_LAMBDA {
    const float* FASTPHOTO_RESTRICT pixel = from;
    char* to = out;
    for (Index x = 0; x < count; ++x, pixel += 3, to += known.pixel) {
      write_sample<Sample>(pixel[0], to + known.red);
      write_sample<Sample>(pixel[1], to + known.green);
      write_sample<Sample>(pixel[2], to + known.blue);
    }
  });
}

FASTPHOTO_MULTIVERSION void read_bytes(const char* from, const Steps& steps, Index count, float* out) {
  read_pixel_row<std::uint8_t>(from, steps, count, out);
}
FASTPHOTO_MULTIVERSION void read_words(const char* from, const Steps& steps, Index count, float* out) {
  read_pixel_row<std::uint16_t>(from, steps, count, out);
}
FASTPHOTO_MULTIVERSION void read_floats(const char* from, const Steps& steps, Index count, float* out) {
  read_pixel_row<float>(from, steps, count, out);
}
FASTPHOTO_MULTIVERSION void write_bytes(const float* from, const Steps& steps, Index count, char* out) {
  write_pixel_row<std::uint8_t>(from, steps, count, out);
}
FASTPHOTO_MULTIVERSION void write_words(const float* from, const Steps& steps, Index count, char* out) {
  write_pixel_row<std::uint16_t>(from, steps, count, out);
}
FASTPHOTO_MULTIVERSION void write_floats(const float* from, const Steps& steps, Index count, char* out) {
  write_pixel_row<float>(from, steps, count, out);
}

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
    read_floats(static_cast<const char*>(pixels.data) + row * pixels.row_stride, steps_of(pixels), pixels.width,
                samples.data() + row * pixels.width * 3);
  }
  const float* const begin = samples.data();
  const float* const end = begin + samples.size();
  require(std::all_of(begin, end, [](float sample) { return std::isfinite(sample); }),
          std::string(name) + " must be finite, it holds NaN or infinity");
  const auto [low, high] = std::minmax_element(begin, end);
  require(false, std::string(name) + " must lie in 0..1 if it is floating-point, got values from " +
                     number_text(static_cast<double>(*low)) + " to " + number_text(static_cast<double>(*high)));
}

/// Where the alpha of a row's first pixel lies.
template <class Void>
auto alpha_address(const BasicPixels<Void>& pixels, Index row) {
  using Byte = std::conditional_t<std::is_const_v<Void>, const char, char>;
  return static_cast<Byte*>(pixels.data) + row * pixels.row_stride + 3 * pixels.sample_stride;
}

void read_alpha(const Pixels& pixels, Index row, float* out) {
  const char* from = alpha_address(pixels, row);
  for (Index x = 0; x < pixels.width; ++x, from += pixels.pixel_stride) {
    switch (pixels.type) {
      case SampleType::UInt8:
        out[x] = read_sample<std::uint8_t>(from);
        break;
      case SampleType::UInt16:
        out[x] = read_sample<std::uint16_t>(from);
        break;
      case SampleType::Float32:
        out[x] = read_sample<float>(from);
        break;
    }
  }
}

void write_alpha(const float* alpha, const MutablePixels& pixels, Index row) {
  char* to = alpha_address(pixels, row);
  for (Index x = 0; x < pixels.width; ++x, to += pixels.pixel_stride) {
    switch (pixels.type) {
      case SampleType::UInt8:
        write_sample<std::uint8_t>(alpha[x], to);
        break;
      case SampleType::UInt16:
        write_sample<std::uint16_t>(alpha[x], to);
        break;
      case SampleType::Float32:
        write_sample<float>(alpha[x], to);
        break;
    }
  }
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

Image read_pixels(const Pixels& pixels, const char* name, Threads threads) {
  require_pixels(pixels, name);
  Workers workers(threads);
  const auto read_row = pixels.type == SampleType::UInt8    ? read_bytes
                        : pixels.type == SampleType::UInt16 ? read_words
                                                            : read_floats;
  const Steps steps = steps_of(pixels);
  Image photo(pixels.height, pixels.width, 3);
  std::vector<char> good(static_cast<std::size_t>(pixels.height), 1);
  workers.run(pixels.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      float* const to = photo.data() + row * pixels.width * 3;
      read_row(static_cast<const char*>(pixels.data) + row * pixels.row_stride, steps, pixels.width, to);
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
  const bool copies_alpha = pixels.has_alpha() && alpha_from.data != nullptr && alpha_from.has_alpha();
  if (alpha_from.data != nullptr) {
    require_size(alpha_from, "the photo that alpha is taken from", photo);
  }
  Workers workers(threads);
  const auto write_row = pixels.type == SampleType::UInt8    ? write_bytes
                         : pixels.type == SampleType::UInt16 ? write_words
                                                             : write_floats;
  const Steps steps = steps_of(pixels);
  workers.run(photo.height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> scratch(static_cast<std::size_t>(photo.width * 3));
    std::vector<float> alpha(static_cast<std::size_t>(photo.width), 1.0F);
    for (Index row = begin; row < end; ++row) {
      if (copies_alpha) {
        read_alpha(alpha_from, row, alpha.data());  // first: it may lie where the photo is written
      }
      write_row(interleaved_row(photo, row, scratch.data()), steps, photo.width,
                static_cast<char*>(pixels.data) + row * pixels.row_stride);
      if (pixels.has_alpha()) {
        write_alpha(alpha.data(), pixels, row);
      }
    }
  });
}

}  // namespace fastphoto
