// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "grid.h"
#include "parallel.h"
#include "pixel_diagonal.h"
#include "row_sums.h"

namespace fastphoto {

/// The symmetric operator of closed-form smoothing in difference form,
///
///     (A x)_i = s_i x_i + sum over positive offsets o of [c_o(i) (x_i - x_{i+o}) + c_o(i-o) (x_i - x_{i-o})],
///
/// which gives a constant exactly s times itself whatever rounding did to c.
class StencilOperator {
 public:
  StencilOperator(Field<float> coefficients, Index radius, PixelDiagonal diagonal);

  const Grid& grid() const { return coefficients_.grid(); }
  const Field<float>& coefficients() const { return coefficients_; }
  const PixelDiagonal& diagonal() const { return diagonal_; }

  /// y = A x; returns x . y for each channel. Halos of x must be zero or finite (they meet zero coefficients).
  PerChannel apply(Workers& workers, const Field<float>& x, Field<float>& y) const;

  /// y = x after steps of damped Jacobi, x += factor / divisors (r - A x), one for each factor; returns r . y for each
  /// channel. The steps go through the rows chunk by chunk, so that coefficients are read from memory once for all of
  /// them. y is not x.
  PerChannel smooth(Workers& workers, const std::vector<float>& factors, const PixelDiagonal& divisors,
                    const Field<float>& r, const Field<float>& x, Field<float>& y) const;

  /// The same from x = 0, and t = r - A y with it. t is not r.
  void smooth_from_zero(Workers& workers, const std::vector<float>& factors, const PixelDiagonal& divisors,
                        const Field<float>& r, Field<float>& y, Field<float>& t) const;

  /// r = b - A x with float64 differences, for a residual that can be trusted; b is handed out row by row as
  /// fill(channel, row, out). Returns r . r for each channel.
  using FillRow = std::function<void(Index channel, Index row, float* out)>;
  PerChannel residual(Workers& workers, const FillRow& b, const Field<double>& x, Field<float>& r) const;

 private:
  template <class Body>
  void for_each_tile(Workers& workers, Body body) const;

  template <class Body>
  void for_each_tile_of(Index row, const PixelDiagonal& divisors, Body body) const;

  template <class Body>
  void for_each_pass(Index begin, Index end, Index passes, Body body) const;

  Field<float> coefficients_;
  std::vector<Index> steps_;  // distance in memory of each positive offset
  PixelDiagonal diagonal_;
};

}  // namespace fastphoto
