// SPDX-License-Identifier: Apache-2.0
//
// Eigenvalues and eigenvectors of symmetric matrices, compiled in one place, since Eigen's templates take long.
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/statistics.h"

namespace fastphoto {

struct SymmetricEigen {
  Vector values;   ///< ascending
  Matrix vectors;  ///< column k belongs to value k
  bool converged = true;
};

FASTPHOTO_API SymmetricEigen symmetric_eigen(const Matrix& symmetric);  // the engine calls it as well

}  // namespace fastphoto
