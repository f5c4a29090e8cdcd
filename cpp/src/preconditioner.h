// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "grid.h"
#include "parallel.h"
#include "row_sums.h"

namespace fastphoto {

/// An approximate inverse M of the system matrix, symmetric positive definite and the same for every call.
class Preconditioner {
 public:
  Preconditioner() = default;
  virtual ~Preconditioner() = default;
  Preconditioner(const Preconditioner&) = delete;
  Preconditioner& operator=(const Preconditioner&) = delete;

  /// z = M r; returns r . z for each channel. r and z are different fields of one grid.
  virtual PerChannel apply(Workers& workers, const Field<float>& r, Field<float>& z) const = 0;
};

/// Divides by a separable diagonal d(y, x) = rows[y] * columns[x]. With d = D, the number of windows at a pixel, this
/// takes fewer iterations than the true diagonal of the matrix, which is small just where the affinity is strong.
class DiagonalPreconditioner final : public Preconditioner {
 public:
  DiagonalPreconditioner(const std::vector<float>& rows, const std::vector<float>& columns);

  PerChannel apply(Workers& workers, const Field<float>& r, Field<float>& z) const override;

 private:
  std::vector<float> inverse_rows_;
  std::vector<float> inverse_columns_;
};

}  // namespace fastphoto
