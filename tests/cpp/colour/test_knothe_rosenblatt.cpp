// SPDX-License-Identifier: Apache-2.0
//
// The map of colours, tones first: what it reaches, and errors. Python compares it with its twins.
#include <doctest/doctest.h>

#include "fastphoto/error.h"
#include "fastphoto/knothe_rosenblatt.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("without a limit it reaches the style's statistics, and the levels go all their way") {
  const Image photo = random_image(40, 50, 3, 1);
  const Statistics content = mean_and_covariance(photo.view());
  const Statistics style = mean_and_covariance(random_image(40, 50, 3, 2).view());
  const Statistics reached = mean_and_covariance(knothe_rosenblatt(content, style).apply(photo.view()).view());
  CHECK((reached.mean - style.mean).cwiseAbs().maxCoeff() < 1e-6);
  CHECK((reached.covariance - style.covariance).cwiseAbs().maxCoeff() < 1e-6);
  CHECK(levels_share(content, style) == 1.0);
}

TEST_CASE("misuse") {
  const Statistics three(Vector::Ones(3), Matrix::Identity(3, 3));
  const Statistics two(Vector::Ones(2), Matrix::Identity(2, 2));
  CHECK_THROWS_AS(knothe_rosenblatt(three, two), Error);
  CHECK_THROWS_AS(levels_share(Statistics(), three), Error);
  KnotheRosenblattOptions options;
  options.max_gain = 0.5;
  CHECK_THROWS_AS(knothe_rosenblatt(three, three, options), Error);
}
