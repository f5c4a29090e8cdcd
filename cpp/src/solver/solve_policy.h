// SPDX-License-Identifier: Apache-2.0
//
// Decides which preconditioner solves a smoothing system.
#pragma once

#include "base/parallel.h"
#include "fastphoto/closed_form_smoothing.h"
#include "solver/conjugate_gradient.h"
#include "solver/smoothing_system.h"

namespace fastphoto {

/// Solves with multigrid where it applies. Where multigrid does not get there, the diagonal goes on from its solution.
///
/// @param problem  with the system's matrix.
/// @param used  set to the last preconditioner that made an iteration.
SolveReport solve_system(Workers& workers, const SmoothingSystem& system, const LinearSystem& problem,
                         const SolveLimits& limits, Solution& u, SmoothingPreconditioner& used);

}  // namespace fastphoto
