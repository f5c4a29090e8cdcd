// SPDX-License-Identifier: Apache-2.0
//
// Cholesky factors of dense matrices, compiled in one place, since Eigen's templates take long.
#pragma once

#include <optional>

#include "fastphoto/statistics.h"

namespace fastphoto {

/// The factor of a positive definite matrix: L L^T with a lower triangular L.
class Cholesky {
 public:
  /// None if the matrix is not positive definite.
  static std::optional<Cholesky> of(const Matrix& matrix);

  const Matrix& lower() const { return lower_; }

  /// The X with L L^T X = right.
  Matrix solve(const Matrix& right) const;

  /// The X with L^T X = right.
  Matrix solve_transposed(const Matrix& right) const;

 private:
  explicit Cholesky(Matrix lower);

  Matrix lower_;
};

}  // namespace fastphoto
