// SPDX-License-Identifier: Apache-2.0
//
// Two Jacobi steps that may end an iteration of conjugate gradients.
#pragma once

#include "base/parallel.h"
#include "base/pool.h"
#include "base/row_sums.h"
#include "solver/jacobi_rows.h"
#include "solver/stencil.h"

namespace fastphoto {

/// Two steps of damped Jacobi on the pixels, which may end an iteration of conjugate gradients. Conjugate gradients
/// make the energy of the error as small as they can. But the residual sees mostly the rough parts of the error, and
/// these parts two Jacobi steps nearly remove.
class LastSteps {
 public:
  /// @param bound  at least as large as the system, x . S x >= x . A x.
  LastSteps(const StencilOperator& system, const PixelDiagonal& bound, Index channels);
  ~LastSteps();
  LastSteps(const LastSteps&) = delete;
  LastSteps& operator=(const LastSteps&) = delete;

  /// z = r - A F r, the residual after one step. Returns |z - A F z|^2 of each channel, what two steps would leave.
  PerChannel attempt(Workers& workers, const Field<float>& r, Field<float>& z);

  /// e += F (r + z), both steps.
  void take(Workers& workers, const Field<float>& r, const Field<float>& z, Field<float>& e);

 private:
  struct Rows;

  template <class Body>
  void for_each_row(Workers& workers, const Field<float>& r, const Body& body);

  const StencilOperator& system_;
  const PixelDiagonal& bound_;
  Index channels_;
  Pool<Rows> rows_;
};

}  // namespace fastphoto
