// SPDX-License-Identifier: Apache-2.0
//
// Products of matrices, by Eigen.
#include "colour/product.h"

namespace fastphoto {

Matrix product(const Matrix& a, const Matrix& b) { return a * b; }

Matrix from_eigen(const Matrix& vectors, const Vector& values) {
  return product(vectors * values.asDiagonal(), vectors.transpose());
}

}  // namespace fastphoto
