// SPDX-License-Identifier: Apache-2.0
//
// Resizing: threads, strides, results in the content's own memory, errors. Python compares it with its twin.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "fastphoto/error.h"
#include "fastphoto/resample.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("the same for every number of threads, at every size") {
  for (const Index height : {1, 2, 70}) {
    for (const Index width : {1, 33}) {
      const Image image = random_image(height, width, 3);
      for (const Index new_height : {1, 35, 211}) {
        for (const Index new_width : {1, 20, 99}) {
          const Image one = resize(image.view(), new_height, new_width, 1);
          CHECK(equal(one.view(), resize(image.view(), new_height, new_width, 4).view()));
        }
      }
    }
  }
}

TEST_CASE("the same size is the same image, whatever its memory order") {
  const Image image = random_image(40, 31, 5);
  CHECK(equal(resize(image.view(), 40, 31).view(), image.view()));
  ImageView turned = image.view();
  turned.data += Index{40 * 31 - 1} * 5;
  turned.row_stride = -turned.row_stride;
  turned.column_stride = -turned.column_stride;
  CHECK(equal(resize(turned, 40, 31).view(), turned));
}

TEST_CASE("a shrunk side that divides the other takes no sample from beyond the image") {
  // New centres that lie on old ones are made of one row alone, those beside them of several.
  const Image image = constant_image(45, 15, 4, 0.75F);
  for (const Index height : {135, 225, 9, 15}) {
    const Image resized = resize(image.view(), height, 45, 1);
    const auto [low, high] = std::minmax_element(resized.data(), resized.data() + height * 45 * 4);
    CHECK(std::abs(*low - 0.75F) < 1e-6F);
    CHECK(std::abs(*high - 0.75F) < 1e-6F);
  }
}

TEST_CASE("a change is added, into the content's own memory as well") {
  const Image change = random_image(9, 14, 3, 1);
  const Image content = random_image(120, 77, 3, 2);
  const Image resized = resize(change.view(), 120, 77, 1);
  Image out(120, 77, 3);
  add_resized(content.view(), change.view(), out, 1);
  for (Index i = 0; i < Index{120} * 77 * 3; ++i) {
    CHECK(out.data()[i] == content.data()[i] + resized.data()[i]);
  }
  Image own = random_image(120, 77, 3, 2);
  add_resized(own.view(), change.view(), own, 4);
  CHECK(equal(own.view(), out.view()));
}

TEST_CASE("misuse") {
  const Image image = random_image(5, 6, 3);
  CHECK_THROWS_AS(resize(ImageView(), 3, 3), Error);
  CHECK_THROWS_AS(resize(image.view(), 0, 3), Error);
  CHECK_THROWS_AS(resize(image.view(), 3, -1), Error);
  CHECK_THROWS_AS(resize(image.view(), std::numeric_limits<Index>::max(), 2), Error);
  Image wrong_size(5, 5, 3);
  CHECK_THROWS_AS(add_resized(image.view(), image.view(), wrong_size), Error);
  Image wrong_channels(5, 6, 1);
  CHECK_THROWS_AS(add_resized(image.view(), image.view(), wrong_channels), Error);
  Image planes(5, 6, 3, Layout::Planar);
  CHECK_THROWS_WITH_AS(add_resized(image.view(), image.view(), planes),
                       "out must be interleaved (H x W x C), got planes", Error);
  Image nothing;
  CHECK_THROWS_AS(add_resized(image.view(), image.view(), nothing), Error);
}
