// SPDX-License-Identifier: Apache-2.0
//
// What conjugate gradients ask of a preconditioner, and the diagonal one.
#pragma once

#include "base/field.h"
#include "base/parallel.h"
#include "base/row_sums.h"
#include "solver/pixel_diagonal.h"

namespace fastphoto {

/// An approximate inverse M of the system matrix, symmetric positive definite and the same for every call.
class Preconditioner {
 public:
  Preconditioner() = default;
  virtual ~Preconditioner() = default;
  Preconditioner(const Preconditioner&) = delete;
  Preconditioner& operator=(const Preconditioner&) = delete;

  /// z = M r; returns r . z for each channel. r and z are different fields of one grid.
  virtual PerChannel apply(Workers& workers, const Field<float>& r, Field<float>& z) = 0;
};

/// Divides by a diagonal. D, the number of windows at a pixel, takes fewer iterations than the true diagonal of the
/// matrix: the true one is small just where the affinity is strong.
class DiagonalPreconditioner final : public Preconditioner {
 public:
  explicit DiagonalPreconditioner(const PixelDiagonal& diagonal) : diagonal_(diagonal) {}

  PerChannel apply(Workers& workers, const Field<float>& r, Field<float>& z) override;

 private:
  const PixelDiagonal& diagonal_;
};

}  // namespace fastphoto
