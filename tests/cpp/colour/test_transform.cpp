// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fastphoto/error.h"
#include "fastphoto/transform.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("both maps reach the style's statistics") {
  const Image features = random_image(40, 50, 4, 1);
  const Statistics content = mean_and_covariance(features.view());
  const Image other = random_image(40, 50, 4, 2);
  const Statistics style = mean_and_covariance(other.view());
  const TransformOptions exact{0.0, 0.0, 0.0, 1.0};
  for (const auto& method : {whitening_coloring, monge_kantorovich}) {
    const AffineTransform transform = method(content, style, exact);
    const Statistics reached = mean_and_covariance(transform.apply(features.view(), 3).view());
    CHECK((reached.mean - style.mean).cwiseAbs().maxCoeff() < 1e-6);
    CHECK((reached.covariance - style.covariance).cwiseAbs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("strength 0 is exactly the identity") {
  const Statistics content(Vector::Ones(3), 2 * Matrix::Identity(3, 3));
  const Statistics style(Vector::Zero(3), Matrix::Identity(3, 3));
  const AffineTransform transform = monge_kantorovich(content, style, {1.0, 0.0, 1e-5, 0.0});
  CHECK(transform.matrix == Matrix::Identity(3, 3));
  CHECK(transform.offset == Vector::Zero(3));
}

TEST_CASE("misuse") {
  const Statistics three(Vector::Ones(3), Matrix::Identity(3, 3));
  const Statistics two(Vector::Ones(2), Matrix::Identity(2, 2));
  CHECK_THROWS_AS(monge_kantorovich(three, two), Error);
  CHECK_THROWS_AS(whitening_coloring(three, Statistics()), Error);
  CHECK_THROWS_AS(whitening_coloring(three, three, {0.0, 0.0, 0.0, 2.0}), Error);
  const Image features = random_image(4, 5, 2);
  CHECK_THROWS_AS(monge_kantorovich(three, three).apply(features.view()), Error);
}
