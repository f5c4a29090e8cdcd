// SPDX-License-Identifier: Apache-2.0
//
// The float32 recursion of conjugate gradients, which finds one correction of the solution.
#pragma once

#include <functional>

#include "base/field.h"
#include "base/parallel.h"
#include "base/row_sums.h"
#include "solver/last_steps.h"
#include "solver/preconditioner.h"
#include "solver/stencil.h"

namespace fastphoto {

/// Where a run of the recursion begins and when it stops.
struct CorrectionGoal {
  double start;   ///< the residual at the beginning
  double target;  ///< stop at this residual, and
  double still;   ///< when the largest change of an iteration is at most this share of the largest unknown
  double size;    ///< the largest unknown without the correction
  int most;       ///< iterations
};

/// Why a run stopped.
enum class CorrectionEnd {
  Done,       ///< the goal is reached, or all iterations are made
  Unfit,      ///< the preconditioner or the operator is not positive definite, or the residual grew
  Cancelled,  ///< by the caller
};

struct CorrectionRun {
  int iterations;
  CorrectionEnd end;
};

/// Largest |r| / |b| of the channels. A channel with b = 0 has x = 0, and so no residual. NaN if any is.
double relative_residual(const PerChannel& squares, const PerChannel& b_norms);

/// Conjugate gradients for A e = r in float32, with a step length for each channel.
class Correction {
 public:
  /// @param last_steps  tried once the unknowns stand still, and taken if they lead to the target; may be null.
  Correction(Workers& workers, const StencilOperator& A, Preconditioner& M, LastSteps* last_steps, Index channels);

  /// Starts at e = 0 for the right side in `r`. Leaves the correction in `e` and what the recursion takes for the
  /// residual in `r`.
  ///
  /// @param b_norms  what residuals are relative to.
  /// @param go_on  called after each iteration with its number and the residual; false cancels.
  CorrectionRun iterate(const PerChannel& b_norms, const CorrectionGoal& goal,
                        const std::function<bool(int, double)>& go_on);

  Field<float> r;
  Field<float> e;

  /// Fields of the same shape, free for use while no iteration runs.
  Field<float>& room() { return p_; }
  Field<float>& more_room() { return z_; }

 private:
  /// What one iteration has done.
  struct Step {
    PerChannel squares;  // r . r
    double change;       // largest of e
    double largest;      // e
  };

  bool find_direction(bool first);
  bool take_step(Step& step);
  double after_last_steps(const PerChannel& b_norms, double residual, double target);

  Workers& workers_;
  const StencilOperator& A_;
  Preconditioner& M_;
  LastSteps* last_steps_;
  double reach_of_last_steps_;
  Index channels_;
  Field<float> p_;
  Field<float> z_;
  PerChannel rz_;  // r . z of the last preconditioning
};

}  // namespace fastphoto
