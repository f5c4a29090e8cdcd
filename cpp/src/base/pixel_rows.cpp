// SPDX-License-Identifier: Apache-2.0
//
// Rows of a host's pixels, whatever their format: read as float32, written from float32.
#include "base/pixel_rows.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/multiversion.h"

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

/// Where the alpha of a row's first pixel lies.
template <class Void>
auto alpha_address(const BasicPixels<Void>& pixels, Index row) {
  using Byte = std::conditional_t<std::is_const_v<Void>, const char, char>;
  return static_cast<Byte*>(pixels.data) + row * pixels.row_stride + 3 * pixels.sample_stride;
}

}  // namespace

void read_rgb(const Pixels& pixels, Index row, float* rgb) {
  const char* const from = static_cast<const char*>(pixels.data) + row * pixels.row_stride;
  const Steps steps = steps_of(pixels);
  switch (pixels.type) {
    case SampleType::UInt8:
      return read_bytes(from, steps, pixels.width, rgb);
    case SampleType::UInt16:
      return read_words(from, steps, pixels.width, rgb);
    case SampleType::Float32:
      return read_floats(from, steps, pixels.width, rgb);
  }
}

void write_rgb(const float* rgb, const MutablePixels& pixels, Index row) {
  char* const to = static_cast<char*>(pixels.data) + row * pixels.row_stride;
  const Steps steps = steps_of(pixels);
  switch (pixels.type) {
    case SampleType::UInt8:
      return write_bytes(rgb, steps, pixels.width, to);
    case SampleType::UInt16:
      return write_words(rgb, steps, pixels.width, to);
    case SampleType::Float32:
      return write_floats(rgb, steps, pixels.width, to);
  }
}

void read_alpha(const Pixels& pixels, Index row, float* alpha) {
  const char* from = alpha_address(pixels, row);
  for (Index x = 0; x < pixels.width; ++x, from += pixels.pixel_stride) {
    switch (pixels.type) {
      case SampleType::UInt8:
        alpha[x] = read_sample<std::uint8_t>(from);
        break;
      case SampleType::UInt16:
        alpha[x] = read_sample<std::uint16_t>(from);
        break;
      case SampleType::Float32:
        alpha[x] = read_sample<float>(from);
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

RowWriter::RowWriter(const Pixels& alpha_from, const MutablePixels& result)
    : alpha_from_(alpha_from),
      result_(result),
      alpha_(static_cast<std::size_t>(result.has_alpha() ? result.width : 0), 1.0F) {}

void RowWriter::write(const float* rgb, Index row) {
  if (!alpha_.empty() && alpha_from_.data != nullptr && alpha_from_.has_alpha()) {
    read_alpha(alpha_from_, row, alpha_.data());  // first: it may lie where the photo is written
  }
  write_rgb(rgb, result_, row);
  if (!alpha_.empty()) {
    write_alpha(alpha_.data(), result_, row);
  }
}

}  // namespace fastphoto
