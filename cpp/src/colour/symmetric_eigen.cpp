// SPDX-License-Identifier: Apache-2.0
//
// Eigenvalues and eigenvectors of symmetric matrices, by Eigen.
#include "colour/symmetric_eigen.h"

#include <Eigen/Eigenvalues>

namespace fastphoto {

SymmetricEigen symmetric_eigen(const Matrix& symmetric) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(symmetric);
  return {solver.eigenvalues(), solver.eigenvectors(), solver.info() == Eigen::Success};
}

}  // namespace fastphoto
