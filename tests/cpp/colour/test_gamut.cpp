// SPDX-License-Identifier: Apache-2.0
//
// Compression into 0..1: threads, layout, errors. Python compares it with its twin.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "fastphoto/error.h"
#include "fastphoto/gamut.h"
#include "random_image.h"

using namespace fastphoto;

namespace {

Image beyond_the_range(Index height, Index width, Index channels) {
  Image photo = random_image(height, width, channels, 3);
  std::for_each_n(photo.data(), height * width * channels, [](float& sample) { sample = 2.0F * sample - 0.5F; });
  return photo;
}

}  // namespace

TEST_CASE("the same for every number of threads, any size and number of channels") {
  for (const Index height : {1, 2, 150}) {
    for (const Index width : {1, 40}) {
      for (const Index channels : {1, 3, 4}) {
        Image one = beyond_the_range(height, width, channels);
        Image four = beyond_the_range(height, width, channels);
        compress_to_gamut(one, {}, 1);
        compress_to_gamut(four, {}, 4);
        CHECK(equal(one.view(), four.view()));
        const auto [low, high] = std::minmax_element(one.data(), one.data() + height * width * channels);
        CHECK(*low >= 0.0F);
        CHECK(*high <= 1.0F);
      }
    }
  }
}

TEST_CASE("the largest numbers there are") {
  Image photo = random_image(4, 5, 3);
  std::fill_n(photo.data(), 30, std::numeric_limits<float>::max());
  std::fill_n(photo.data() + 30, 29, std::numeric_limits<float>::lowest());
  compress_to_gamut(photo);
  CHECK(std::all_of(photo.data(), photo.data() + 60, [](float v) { return v >= 0.0F && v <= 1.0F; }));
}

TEST_CASE("misuse") {
  Image nothing;
  CHECK_THROWS_AS(compress_to_gamut(nothing), Error);
  Image planes(4, 5, 3, Layout::Planar);
  std::fill_n(planes.data(), 60, 0.5F);
  CHECK_THROWS_AS(compress_to_gamut(planes), Error);
  Image photo = random_image(4, 5, 3);
  GamutOptions options;
  options.shares[1] = -0.1;
  CHECK_THROWS_AS(compress_to_gamut(photo, options), Error);
}
