// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>

#include "fastphoto/error.h"
#include "fastphoto/statistics.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("numbers that can be checked by hand") {
  const std::array<float, 6> samples = {1, 2, 3, 10, 10, 40};
  const Statistics plain = mean_and_covariance(feature_view(samples.data(), 2, 1, 3));
  CHECK(plain.mean[0] == doctest::Approx(2));
  CHECK(plain.mean[1] == doctest::Approx(20));
  CHECK(plain.covariance(0, 0) == doctest::Approx(2.0 / 3));
  CHECK(plain.covariance(0, 1) == doctest::Approx(10));
  CHECK(plain.covariance(1, 0) == plain.covariance(0, 1));
  CHECK(plain.weight == 3);
  const std::array<float, 3> weights = {2, 0, 2};
  const Statistics weighted =
      mean_and_covariance(feature_view(samples.data(), 2, 1, 3), ImageView(weights.data(), 1, 3, 1));
  CHECK(weighted.mean[1] == doctest::Approx(25));
  CHECK(weighted.covariance(0, 0) == doctest::Approx(1));
  CHECK(weighted.weight == 4);
}

TEST_CASE("the same for every number of threads, through images and planes alike") {
  const Image image = random_image(130, 140, 13);
  const Statistics one = mean_and_covariance(image.view(), {}, 1);
  const Statistics four = mean_and_covariance(image.view(), {}, 4);
  CHECK(one.covariance == four.covariance);
  CHECK(one.mean == four.mean);
}

TEST_CASE("misuse") {
  const std::array<float, 3> weights = {0, 0, 0};
  const std::array<float, 6> samples = {1, 2, 3, 10, 10, 40};
  CHECK_THROWS_AS(mean_and_covariance(FeatureView()), Error);
  CHECK_THROWS_AS(mean_and_covariance(feature_view(samples.data(), 2, 1, 3), ImageView(weights.data(), 1, 3, 1)),
                  Error);
  CHECK_THROWS_AS(Statistics(Vector::Zero(2), Matrix::Identity(3, 3)), Error);
}
