// SPDX-License-Identifier: Apache-2.0
//
// Products of matrices whose sizes are not known before, compiled in one place, since Eigen's templates take long.
#pragma once

#include "fastphoto/statistics.h"

namespace fastphoto {

Matrix product(const Matrix& a, const Matrix& b);

/// V diag(values) V^T.
Matrix from_eigen(const Matrix& vectors, const Vector& values);

}  // namespace fastphoto
