// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "fastphoto/adjustment.h"
#include "fastphoto/error.h"
#include "random_image.h"

using namespace fastphoto;

namespace {

constexpr Index pixels = Index{13} * 17;
constexpr Index samples = 3 * pixels;

/// Numbers in 0..1.
Image photo(unsigned seed) {
  Image image = random_image(13, 17, 3, seed);
  for (Index i = 0; i < samples; ++i) {
    image.data()[i] = std::min(std::abs(image.data()[i]), 1.0F);
  }
  return image;
}

float luma_at(const Image& image, Index pixel) {
  const float* const p = image.data() + 3 * pixel;
  return 0.2126F * p[0] + 0.7152F * p[1] + 0.0722F * p[2];
}

}  // namespace

TEST_CASE("the defaults change nothing") {
  const Image content = photo(1);
  const Image before = photo(2);
  Image result = photo(2);
  adjust(content.view(), result);
  CHECK(std::equal(result.data(), result.data() + samples, before.data()));
  CHECK_FALSE(adjusts({}));
}

TEST_CASE("luminance can be kept") {
  const Image content = photo(3);
  Image result = photo(4);
  AdjustmentOptions options;
  options.preserve_luminance = true;
  adjust(content.view(), result, options);
  for (Index i = 0; i < pixels; ++i) {
    CHECK(std::abs(luma_at(result, i) - luma_at(content, i)) < 2e-6F);
  }
}

TEST_CASE("without any strength the content comes back") {
  const Image content = photo(5);
  Image result = photo(6);
  AdjustmentOptions options;
  options.tone = options.colour = options.white_balance = 0.0;
  adjust(content.view(), result, options);
  for (Index i = 0; i < samples; ++i) {
    CHECK(std::abs(result.data()[i] - content.data()[i]) < 2e-6F);
  }
}

TEST_CASE("factors out of range and photos of other sizes") {
  const Image content = photo(7);
  Image result = photo(8);
  AdjustmentOptions options;
  options.tone = 2.0;
  CHECK_THROWS_AS(adjust(content.view(), result, options), Error);
  Image other = random_image(5, 5, 3, 1);
  CHECK_THROWS_AS(adjust(content.view(), other), Error);
}
