// SPDX-License-Identifier: Apache-2.0
//
// Damped Jacobi on the pixels of a few rows.
#pragma once

#include <algorithm>

#include "base/field.h"
#include "solver/pixel_diagonal.h"
#include "solver/stencil.h"

namespace fastphoto {

/// Damped Jacobi on the pixels, y = F r with F = damping / bound, for some rows and for the rows that the stencil
/// reaches from them; one object for each task. Rows are numbered as in the image. Below the image's last row, y keeps
/// what the task before has left; the stencil multiplies that by zero. The bound holds all eigenvalues in [0, 1], and
/// the damping is best for the upper two thirds.
class JacobiRows {
 public:
  /// @param bound  at least as large as the system, x . S x >= x . A x.
  /// @param most_rows  that turn_to is asked for at once.
  JacobiRows(const StencilOperator& system, const PixelDiagonal& bound, Index channels, Index most_rows);

  /// Takes rows [begin, end) of the image, and those around them.
  void turn_to(Index begin, Index end);

  /// Calls make(r) for every row r that the stencil reaches from `row` and that has not been made yet. Rows are made
  /// only a little ahead, so they are still in the cache when they are used.
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
