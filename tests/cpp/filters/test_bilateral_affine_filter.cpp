// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fastphoto/bilateral_affine_filter.h"
#include "fastphoto/error.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("the bilateral affine filter is the same for every number of threads, at every size") {
  for (const Index height : {1, 2, 20}) {
    for (const Index width : {1, 2, 150}) {
      const Image content = random_image(height, width, 3, 1);
      const Image stylized = random_image(height, width, 3, 2);
      const Image one = bilateral_affine_filter(stylized.view(), content.view(), {4, 2.0, 0.1, 1, 1e-3}, 1);
      const Image four = bilateral_affine_filter(stylized.view(), content.view(), {4, 2.0, 0.1, 1, 1e-3}, 4);
      CHECK(equal(one.view(), four.view()));
    }
  }
}

TEST_CASE("misuse of the bilateral affine filter") {
  const Image image = random_image(5, 6, 3);
  CHECK_THROWS_AS(bilateral_affine_filter(image.view(), ImageView()), Error);
  CHECK_THROWS_AS(bilateral_affine_filter(image.view(), image.view(), {128, 5.0, 0.1, 1, 1e-3}), Error);
  CHECK_THROWS_AS(bilateral_affine_filter(image.view(), image.view(), {1, 5.0, 0.1, 1, 0.0}), Error);
}
