// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "grid.h"
#include "parallel.h"
#include "row_sums.h"

namespace fastphoto {

/// The symmetric operator of closed-form smoothing in difference form,
///
///     (A x)_i = s_i x_i + sum over positive offsets o of [c_o(i) (x_i - x_{i+o}) + c_o(i-o) (x_i - x_{i-o})],
///
/// which gives a constant exactly s times itself whatever rounding did to c. The diagonal part is separable,
/// s(y, x) = diagonal_rows[y] * diagonal_columns[x].
class StencilOperator {
 public:
  StencilOperator(Field<float> coefficients, Index radius, std::vector<float> diagonal_rows,
                  std::vector<float> diagonal_columns);

  const Grid& grid() const { return coefficients_.grid(); }

  /// y = A x; returns x . y for each channel. Halos of x must be zero or finite (they meet zero coefficients).
  PerChannel apply(Workers& workers, const Field<float>& x, Field<float>& y) const;

  /// r = b - A x with float64 differences, for a residual that can be trusted; b is handed out row by row as
  /// fill(channel, row, out). Returns r . r for each channel.
  using FillRow = std::function<void(Index channel, Index row, float* out)>;
  PerChannel residual(Workers& workers, const FillRow& b, const Field<double>& x, Field<float>& r) const;

 private:
  Field<float> coefficients_;
  std::vector<Index> steps_;  // distance in memory of each positive offset
  std::vector<float> diagonal_rows_;
  std::vector<float> diagonal_columns_;
};

}  // namespace fastphoto
