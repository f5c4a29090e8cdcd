// SPDX-License-Identifier: Apache-2.0
//
// Preconditioned conjugate gradients for several right sides, to a tolerance beyond what float32 alone can reach.
#pragma once

#include <functional>
#include <optional>

#include "solver/last_steps.h"
#include "solver/preconditioner.h"
#include "solver/stencil.h"

namespace fastphoto {

/// A x = b for several channels, and where to start.
struct LinearSystem {
  const StencilOperator& A;
  Index channels;
  StencilOperator::FillRow b;      ///< the right side, row by row
  StencilOperator::FillRow guess;  ///< the first x, row by row; empty: start from the x that is handed in
};

struct SolveLimits {
  double rtol = 0.0;
  int max_iterations = 0;

  /// Called after every iteration with the number of iterations and the running residual; false stops. May be empty.
  std::function<bool(int iteration, double residual)> progress;

  /// Start from zero where the first guess has a larger residual than that.
  bool zero_if_closer = false;
};

struct SolveReport {
  int iterations = 0;
  double residual = 0.0;  ///< largest |b - A x| / |b| over the channels, computed afresh
  bool converged = false;
  bool cancelled = false;
};

/// Unknowns of several channels. If both fields are empty, x is zero. A single correction of zero is float32. A
/// solution that began with a guess, or took more corrections, is float64.
struct Solution {
  std::optional<Field<float>> single;
  std::optional<Field<double>> sum;
};

/// Solves A x = b for all channels at once, each with its own scalars, by preconditioned conjugate gradients.
///
/// The iteration works on a float32 correction. When its running residual is small enough, or float32 can give no more,
/// the correction is added to the float64 solution and the residual computed afresh; if that is still too large, the
/// iteration starts again from there (iterative refinement). A channel with b = 0 gets x = 0. A preconditioner that is
/// not positive definite, or so poor that the residual grows, ends the iteration; x is then no worse than it was.
///
/// @param last_steps  of the system: once the unknowns stand still, they are tried on the residual, and taken if that
///     ends the iteration. Null where an iteration costs no more than they do.
/// @param x  the solution.
SolveReport conjugate_gradient(Workers& workers, const LinearSystem& system, Preconditioner& M, LastSteps* last_steps,
                               const SolveLimits& limits, Solution& x);

}  // namespace fastphoto
