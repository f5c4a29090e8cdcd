// SPDX-License-Identifier: Apache-2.0
//
// The pixels' system as a stencil, for whole fields and row by row.
#pragma once

#include <functional>
#include <vector>

#include "base/field.h"
#include "base/parallel.h"
#include "base/row_sums.h"
#include "matting/window_offsets.h"
#include "solver/pixel_diagonal.h"

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

  /// y = A x; returns x . y for each channel. At most most_channels of them.
  PerChannel apply(Workers& workers, const Field<float>& x, Field<float>& y) const;

  /// r = b - A x with float64 differences, for a residual that can be trusted. fill(channel, row, out) writes b row by
  /// row. Returns r . r for each channel. With `every` = n, only rows 0, n, 2 n, ... are computed, and r . r is
  /// estimated from them.
  using FillRow = std::function<void(Index channel, Index row, float* out)>;
  template <class T>
  PerChannel residual(Workers& workers, const FillRow& b, const Field<T>& x, Field<float>& r, Index every = 1) const;

 private:
  friend class StencilRows;

  Field<float> coefficients_;
  std::vector<NeighbourOffset> offsets_;
  PixelDiagonal diagonal_;
};

struct StencilRow;

/// The operator row by row, for passes that do more with a row than multiply it; one object for each task. Pointers
/// point at a row's first channel, in fields of the system's width and of `channels` channels. Only x is read in the
/// neighbouring rows too.
class StencilRows {
 public:
  StencilRows(const StencilOperator& system, Index channels);

  /// y = A x.
  void multiply(Index row, const float* x, float* y);

  /// t = r - A x.
  void subtract(Index row, const float* r, const float* x, float* t);

  /// y = x + factors (r - A x), with a factor for each pixel, padded like a row.
  void relax(Index row, const float* factors, const float* r, const float* x, float* y);

  /// r = b - A x with float64 differences on the row x of one channel of a field with as many, b padded like a row;
  /// returns r . r.
  double residual(Index row, const float* b, const double* x, float* r);
  double residual(Index row, const float* b, const float* x, float* r);

 private:
  StencilRow at(Index row);

  const StencilOperator& system_;
  Index channels_;
  Index channel_step_;
  PixelDiagonalRow diagonal_;
};

}  // namespace fastphoto
