// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fastphoto/error.h"
#include "fastphoto/matting_laplacian.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("rows sum to zero, the matrix is symmetric and its energy not negative") {
  const Image image = random_image(7, 140, 3);
  const SparseMatrix laplacian = matting_laplacian(image.view(), {1e-7, 2}, 3);
  CHECK((laplacian * Eigen::VectorXd::Ones(laplacian.cols())).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(SparseMatrix(laplacian - SparseMatrix(laplacian.transpose())).norm() == 0);
  const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(laplacian.cols(), -1, 1).array().sin();
  CHECK(x.dot(laplacian * x) > 0);
}

TEST_CASE("threads change nothing") {
  const Image image = random_image(70, 33, 3);
  const SparseMatrix one = matting_laplacian(image.view(), {}, 1);
  const SparseMatrix four = matting_laplacian(image.view(), {}, 4);
  CHECK(SparseMatrix(one - four).norm() == 0);
}

TEST_CASE("no window, no entry") {
  const Image image = random_image(2, 9, 3);
  CHECK(matting_laplacian(image.view()).nonZeros() == 0);
}

TEST_CASE("misuse") {
  const Image image = random_image(5, 5, 3);
  CHECK_THROWS_AS(matting_laplacian(ImageView()), Error);
  CHECK_THROWS_AS(matting_laplacian(image.view(), {0.0, 1}), Error);
  CHECK_THROWS_AS(matting_laplacian(image.view(), {1e-7, 0}), Error);
  CHECK_THROWS_AS(matting_laplacian(image.view(), {}, -1), Error);
}
