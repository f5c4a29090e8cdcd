// SPDX-License-Identifier: Apache-2.0
//
// Pixels of hosts: formats, strides, alpha, and results that lie where the content lay.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "fastphoto/error.h"
#include "fastphoto/pixels.h"
#include "random_image.h"

using namespace fastphoto;

namespace {

constexpr Index height = 37;
constexpr Index width = 21;

std::vector<std::uint8_t> random_bytes(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  std::uint32_t state = 7;
  for (std::uint8_t& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(state >> 24U);
  }
  return bytes;
}

}  // namespace

TEST_CASE("bytes in any order and direction are the same photo") {
  const std::vector<std::uint8_t> rgb = random_bytes(height * width * 3);
  const Image expected = read_pixels({rgb.data(), height, width, SampleType::UInt8}, "photo", 1);
  CHECK(expected.view().at(3, 5, 1) == static_cast<float>(rgb[(3 * width + 5) * 3 + 1]) / 255.0F);

  // BGRA, from the bottom up, with a gap behind each row.
  constexpr Index stride = width * 4 + 5;
  std::vector<std::uint8_t> bgra(static_cast<std::size_t>(height * stride));
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      for (Index c = 0; c < 3; ++c) {
        bgra[static_cast<std::size_t>((height - 1 - y) * stride + x * 4 + 2 - c)] =
            rgb[static_cast<std::size_t>((y * width + x) * 3 + c)];
      }
    }
  }
  const std::uint8_t* const last_row = bgra.data() + (height - 1) * stride;
  const Pixels upside_down(last_row, height, width, SampleType::UInt8, PixelOrder::BGRA, -stride);
  CHECK(equal(read_pixels(upside_down, "photo", 1).view(), expected.view()));
  CHECK(equal(read_pixels(upside_down, "photo", 4).view(), expected.view()));
}

TEST_CASE("samples at odd addresses") {
  const Image photo = random_image(height, width, 3);
  const auto bytes = static_cast<std::size_t>(height * width * 3) * sizeof(float);
  std::vector<char> memory(bytes + 1);
  std::memcpy(memory.data() + 1, photo.data(), bytes);
  CHECK(equal(read_pixels({memory.data() + 1, height, width}, "photo").view(), photo.view()));
  std::fill(memory.begin(), memory.end(), '\0');
  write_pixels(photo.view(), {}, {memory.data() + 1, height, width});
  CHECK(equal(read_pixels({memory.data() + 1, height, width}, "photo").view(), photo.view()));
}

TEST_CASE("a view of the photo in any memory order is written") {
  const Image photo = random_image(height, width, 3);
  std::vector<float> mirrored(static_cast<std::size_t>(height * width * 3));
  ImageView view = photo.view();
  view.data += 3 * (width - 1);
  view.column_stride = -view.column_stride;
  write_pixels(view, {}, {mirrored.data(), height, width}, 3);
  for (Index x = 0; x < width; ++x) {
    CHECK(mirrored[static_cast<std::size_t>(3 * x)] == photo.view().at(0, width - 1 - x, 0));
  }
}

TEST_CASE("a result in the content's own memory keeps its alpha") {
  std::vector<std::uint8_t> memory = random_bytes(height * width * 4);
  const std::vector<std::uint8_t> before = memory;
  const Image photo = random_image(height, width, 3);
  for (const int threads : {1, 4}) {
    memory = before;
    write_pixels(photo.view(), {memory.data(), height, width, SampleType::UInt8, PixelOrder::RGBA},
                 {memory.data(), height, width, SampleType::UInt8, PixelOrder::BGRA}, threads);
    for (std::size_t pixel = 0; pixel < memory.size() / 4; ++pixel) {
      CHECK(memory[4 * pixel + 3] == before[4 * pixel + 3]);
      CHECK(memory[4 * pixel + 2] == std::lrint(photo.data()[3 * pixel] * 255.0F));
    }
  }
}

TEST_CASE("what is no number between 0 and 1 is written as an end of the scale") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const std::array<float, 6> samples = {-1.0F, 2.0F, std::nanf(""), infinity, -infinity, 0.5F};
  std::array<std::uint16_t, 6> written = {};
  write_pixels(ImageView(samples.data(), 1, 2, 3), {}, {written.data(), 1, 2, SampleType::UInt16});
  CHECK(written == std::array<std::uint16_t, 6>{0, 65535, 0, 65535, 0, 32768});
}

TEST_CASE("misuse") {
  std::array<float, 12> samples = {};
  const Pixels photo(samples.data(), 2, 2);
  CHECK_THROWS_WITH_AS(read_pixels(Pixels(), "style"), "style is empty (0 x 0, no memory); expected at least one pixel",
                       Error);
  CHECK_THROWS_AS(read_pixels({samples.data(), 2, 0}, "style"), Error);
  CHECK_THROWS_AS(read_pixels({samples.data(), -2, 2}, "style"), Error);
  samples[7] = 1.25F;
  CHECK_THROWS_WITH_AS(read_pixels(photo, "style"),
                       "style must lie in 0..1 if it is floating-point, got values from 0 to 1.25", Error);
  samples[7] = std::nanf("");
  CHECK_THROWS_WITH_AS(read_pixels(photo, "style"), "style must be finite, it holds NaN or infinity", Error);
  const Image image = random_image(2, 2, 3);
  std::array<float, 16> result = {};
  CHECK_THROWS_AS(write_pixels(image.view(), {}, {}), Error);
  CHECK_THROWS_AS(write_pixels(image.view(), {}, {result.data(), 2, 1}), Error);
  CHECK_THROWS_AS(write_pixels(ImageView(), {}, {result.data(), 2, 2}), Error);
  CHECK_THROWS_AS(write_pixels(random_image(2, 2, 1).view(), {}, {result.data(), 2, 2}), Error);
  CHECK_THROWS_AS(write_pixels(image.view(), {samples.data(), 1, 2}, {result.data(), 2, 2}), Error);
}
