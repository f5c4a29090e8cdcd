// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fastphoto/error.h"
#include "fastphoto/guided_filter.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("the same for every number of threads, any radius, any size") {
  for (const Index height : {1, 2, 300}) {
    for (const Index width : {1, 17}) {
      for (const int radius : {0, 3, 400}) {
        const Image guide = random_image(height, width, 3, 1);
        const Image src = random_image(height, width, 2, 2);
        const Image one = guided_filter(guide.view(), src.view(), {radius, 1e-4}, 1);
        const Image four = guided_filter(guide.view(), src.view(), {radius, 1e-4}, 4);
        CHECK(equal(one.view(), four.view()));
      }
    }
  }
}

TEST_CASE("constant in, constant out, with a grey guide") {
  const Image src = constant_image(20, 21, 3, 0.25F);
  const Image guide = random_image(20, 21, 1);
  CHECK(equal(guided_filter(guide.view(), src.view(), {4, 1e-6}).view(), src.view()));
}

TEST_CASE("misuse") {
  const Image image = random_image(5, 6, 3);
  const Image two = random_image(5, 6, 2);
  CHECK_THROWS_AS(guided_filter(two.view(), image.view()), Error);
  CHECK_THROWS_AS(guided_filter(image.view(), image.view(), {-1, 1e-4}), Error);
  CHECK_THROWS_AS(guided_filter(image.view(), image.view(), {1, 0.0}), Error);
}
