// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fastphoto/barycentre.h"
#include "fastphoto/error.h"
#include "fastphoto/transform.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("two parts give a point of the geodesic") {
  const Statistics a = mean_and_covariance(random_image(30, 40, 5, 1).view());
  const Statistics b = mean_and_covariance(random_image(30, 40, 5, 2).view());
  const TransformOptions exact{0.0, 0.0, 0.0, 1.0};
  const Matrix transport = monge_kantorovich(a, b, exact).matrix;
  const Matrix step = 0.75 * Matrix::Identity(5, 5) + 0.25 * transport;
  const Statistics found = wasserstein_barycentre({a, b}, {3.0, 1.0});
  CHECK((found.covariance - step * a.covariance * step.transpose()).norm() < 1e-5 * a.covariance.norm());
  CHECK((found.mean - (0.75 * a.mean + 0.25 * b.mean)).norm() < 1e-12);
}

TEST_CASE("pooling halves gives the whole") {
  const Image whole = random_image(20, 30, 3, 4);
  const ImageView view = whole.view();
  ImageView upper = view;
  upper.height = 8;
  ImageView lower = view;
  lower.data = whole.data() + Index{8} * 30 * 3;
  lower.height = 12;
  const Statistics expected = mean_and_covariance(view);
  const Statistics found = pooled_statistics({mean_and_covariance(upper), mean_and_covariance(lower)}, {8.0, 12.0});
  CHECK((found.mean - expected.mean).norm() < 1e-12);
  CHECK((found.covariance - expected.covariance).norm() < 1e-12);
  CHECK(found.weight == 600.0);
}

TEST_CASE("misuse of weights") {
  const Statistics one(Vector::Ones(3), Matrix::Identity(3, 3));
  const Statistics other(Vector::Ones(2), Matrix::Identity(2, 2));
  CHECK_THROWS_AS(wasserstein_barycentre({}, {}), Error);
  CHECK_THROWS_AS(wasserstein_barycentre({one}, {1.0, 1.0}), Error);
  CHECK_THROWS_AS(wasserstein_barycentre({one, other}, {1.0, 1.0}), Error);
  CHECK_THROWS_AS(wasserstein_barycentre({one, one}, {0.0, 0.0}), Error);
  CHECK_THROWS_AS(wasserstein_barycentre({one, one}, {1.0, 1.0}, {-1.0, 1e-6, 50}), Error);
  CHECK_THROWS_AS(pooled_statistics({one}, {-1.0}), Error);
}
