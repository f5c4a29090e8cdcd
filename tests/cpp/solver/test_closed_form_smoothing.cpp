// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "fastphoto/closed_form_smoothing.h"
#include "fastphoto/error.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("converges to the tolerance it reports, the same for every number of threads") {
  const Image content = random_image(45, 150, 3, 1);
  const Image stylized = random_image(45, 150, 3, 2);
  for (const int radius : {1, 2}) {
    SmoothingOptions options;
    options.radius = radius;
    options.border_padding = 2 * radius;
    const SmoothingResult one = closed_form_smooth(stylized.view(), content.view(), options, 1);
    const SmoothingResult four = closed_form_smooth(stylized.view(), content.view(), options, 4);
    CHECK(one.info.converged);
    CHECK(one.info.residual <= options.rtol);
    CHECK(one.info.iterations == four.info.iterations);
    CHECK(equal(one.image.view(), four.image.view()));
  }
}

TEST_CASE("one smoother serves several threads at once") {
  const Image content = random_image(20, 30, 3, 1);
  const Image stylized = random_image(20, 30, 2, 2);
  const ClosedFormSmoother smoother(content.view());
  Image first;
  Image second;
  std::thread other([&] { first = smoother.solve(stylized.view(), 2).image; });
  second = smoother.solve(stylized.view(), 1).image;
  other.join();
  CHECK(equal(first.view(), second.view()));
}

TEST_CASE("a result outlives its smoother, and a page pool makes no difference to it") {
  const Image content = random_image(300, 260, 3, 1);
  const Image stylized = random_image(300, 260, 3, 2);
  SmoothingOptions without_pool;
  without_pool.page_pool = false;
  const Image with = closed_form_smooth(stylized.view(), content.view()).image;
  const Image without = closed_form_smooth(stylized.view(), content.view(), without_pool).image;
  CHECK(equal(with.view(), without.view()));
}

TEST_CASE("constants come back exactly by default") {
  SmoothingOptions const options;
  const Image constant = constant_image(12, 15, 1, 0.3F);
  const Image content = random_image(12, 15, 3);
  CHECK(equal(closed_form_smooth(constant.view(), content.view(), options).image.view(), constant.view()));
}

TEST_CASE("images smaller than a window, flat or black stay finite") {
  for (const Index height : {1, 2, 3, 4}) {
    for (const Index width : {1, 2, 3, 200}) {
      const Image flat = constant_image(height, width, 3, 0.5F);
      const Image black = constant_image(height, width, 3, 0.0F);
      const Image smooth = closed_form_smooth(flat.view(), flat.view()).image;
      CHECK(std::isfinite(smooth.view().at(height - 1, width - 1, 2)));
      CHECK(equal(closed_form_smooth(black.view(), flat.view()).image.view(), black.view()));
    }
  }
}

TEST_CASE("misuse") {
  const Image content = random_image(5, 6, 3);
  const Image other = random_image(6, 5, 3);
  CHECK_THROWS_AS(closed_form_smooth(other.view(), content.view()), Error);
  CHECK_THROWS_AS(closed_form_smooth(content.view(), ImageView()), Error);
  SmoothingOptions options;
  options.lam = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(closed_form_smooth(content.view(), content.view(), options), Error);
}
