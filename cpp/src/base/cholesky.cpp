// SPDX-License-Identifier: Apache-2.0
//
// Cholesky factors, by Eigen.
#include "base/cholesky.h"

#include <Eigen/Cholesky>
#include <utility>

namespace fastphoto {

Cholesky::Cholesky(Matrix lower) : lower_(std::move(lower)) {}

std::optional<Cholesky> Cholesky::of(const Matrix& matrix) {
  const Eigen::LLT<Matrix> factors(matrix);
  if (factors.info() != Eigen::Success) {
    return std::nullopt;
  }
  return Cholesky(factors.matrixL());
}

Matrix Cholesky::solve(const Matrix& right) const {
  return solve_transposed(lower_.triangularView<Eigen::Lower>().solve(right));
}

Matrix Cholesky::solve_transposed(const Matrix& right) const {
  return lower_.transpose().triangularView<Eigen::Upper>().solve(right);
}

}  // namespace fastphoto
