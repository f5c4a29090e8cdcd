// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "base/field.h"
#include "solver/pixel_diagonal.h"
#include "solver/stencil.h"

namespace fastphoto {

/// Damped Jacobi on the pixels, y = F r with F = damping / bound, for some rows and those that the stencil reaches from
/// them; one for each task. Rows are numbered as in the image; below its last one y keeps rows of the task before,
/// which the stencil multiplies by zero. The damping is best on the upper two thirds of [0, 1], where the bound holds
/// all eigenvalues.
class JacobiRows {
 public:
  /// @param bound  at least as large as the system, x . S x >= x . A x.
  /// @param most_rows  that turn_to is asked for at once.
  JacobiRows(const StencilOperator& system, const PixelDiagonal& bound, Index channels, Index most_rows);

  /// Takes rows [begin, end) of the image, and those around them.
  void turn_to(Index begin, Index end);

  /// Calls make(row) for the rows from the first on that the stencil reaches from `row` and that have not been made
  /// yet: a few rows ahead, so that they are still in the cache.
  template <class Make>
  void make_until(Index row, const Make& make) {
    for (const Index end = std::min(last_, row + reach_ + 1); next_ < end; ++next_) {
      make(next_);
    }
  }

  /// y = F r on one row.
  void step_from_zero(Index row, const Field<float>& r);

  /// y += F r on one row.
  void add_step(Index row, const Field<float>& r);

  float* y(Index row) { return y_.row(0, row - first_); }
  Index channel_step() const { return y_.channel_step(); }

  /// F of one row, padded; until that of another row is asked for.
  const float* factors(Index row);

 private:
  Index height_;
  Index reach_;
  Index first_ = 0;
  Index last_ = 0;
  Index next_ = 0;  // to be made
  Field<float> y_;
  PixelDiagonalRow factors_;
};

}  // namespace fastphoto
