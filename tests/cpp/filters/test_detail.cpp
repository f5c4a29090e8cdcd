// SPDX-License-Identifier: Apache-2.0
//
// Restored detail: threads, strides, errors. Python compares it with its twin.
#include <doctest/doctest.h>

#include <algorithm>

#include "fastphoto/detail.h"
#include "fastphoto/error.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("the same for every number of threads and any memory order of the content") {
  for (const Index height : {1, 2, 150}) {
    for (const Index width : {1, 40}) {
      const Image content = random_image(height, width, 3, 1);
      Image one = random_image(height, width, 3, 2);
      Image four = random_image(height, width, 3, 2);
      restore_detail(content.view(), one, {}, 1);
      restore_detail(content.view(), four, {}, 4);
      CHECK(equal(one.view(), four.view()));

      Image planes(height, width, 3, Layout::Planar);
      for (Index c = 0; c < 3; ++c) {
        for (Index i = 0; i < height * width; ++i) {
          planes.data()[c * height * width + i] = content.data()[3 * i + c];
        }
      }
      Image from_planes = random_image(height, width, 3, 2);
      restore_detail(planes.view(), from_planes, {}, 2);
      CHECK(equal(from_planes.view(), one.view()));
    }
  }
}

TEST_CASE("a result that equals the content stays as it is") {
  const Image content = random_image(30, 41, 3);
  Image result = random_image(30, 41, 3);
  restore_detail(content.view(), result);
  CHECK(equal(result.view(), content.view()));
}

TEST_CASE("misuse") {
  const Image content = random_image(5, 6, 3);
  Image planes(5, 6, 3, Layout::Planar);
  std::fill_n(planes.data(), 5 * 6 * 3, 0.5F);
  CHECK_THROWS_AS(restore_detail(content.view(), planes), Error);
  Image other = random_image(6, 5, 3);
  CHECK_THROWS_AS(restore_detail(content.view(), other), Error);
  Image nothing;
  CHECK_THROWS_AS(restore_detail(content.view(), nothing), Error);
  Image result = random_image(5, 6, 3);
  DetailOptions options;
  options.radius = -1.0;
  CHECK_THROWS_AS(restore_detail(content.view(), result, options), Error);
}
