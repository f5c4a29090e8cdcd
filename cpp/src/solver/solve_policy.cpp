// SPDX-License-Identifier: Apache-2.0
//
// Multigrid first, then the diagonal.
#include "solver/solve_policy.h"

#include <algorithm>

#include "multigrid/multigrid.h"
#include "solver/last_steps.h"
#include "solver/preconditioner.h"

namespace fastphoto {

namespace {

// Multigrid needs some ten iterations; where it does not get there, the diagonal takes over.
constexpr int patience = 200;

SolveReport solve_with_multigrid(Workers& workers, const SmoothingSystem& system, const LinearSystem& problem,
                                 const SolveLimits& limits, Solution& u) {
  MultigridPreconditioner preconditioner(system.matrix(), *system.multigrid(), system.bound(), problem.channels);
  LastSteps last_steps(system.matrix(), system.bound(), problem.channels);
  SolveLimits of_multigrid = limits;
  of_multigrid.max_iterations = std::min(limits.max_iterations, patience);
  return conjugate_gradient(workers, problem, preconditioner, &last_steps, of_multigrid, u);
}

/// @param done  iterations that other preconditioners have made.
SolveReport solve_with_diagonal(Workers& workers, const SmoothingSystem& system, const LinearSystem& problem,
                                const SolveLimits& limits, int done, Solution& u) {
  DiagonalPreconditioner preconditioner(system.bound());
  SolveLimits of_diagonal = limits;
  of_diagonal.max_iterations = limits.max_iterations - done;
  of_diagonal.progress = [&](int iteration, double residual) {
    return !limits.progress || limits.progress(done + iteration, residual);
  };
  LinearSystem from_here = problem;
  if (u.sum || u.single) {
    from_here.guess = nullptr;
  }
  return conjugate_gradient(workers, from_here, preconditioner, nullptr, of_diagonal, u);
}

}  // namespace

SolveReport solve_system(Workers& workers, const SmoothingSystem& system, const LinearSystem& problem,
                         const SolveLimits& limits, Solution& u, SmoothingPreconditioner& used) {
  SolveReport report;
  if (system.multigrid() != nullptr) {
    report = solve_with_multigrid(workers, system, problem, limits, u);
    used = report.iterations > 0 ? SmoothingPreconditioner::Multigrid : SmoothingPreconditioner::None;
    if (report.cancelled || report.converged || report.iterations >= limits.max_iterations) {
      return report;
    }
  }
  const int done = report.iterations;
  report = solve_with_diagonal(workers, system, problem, limits, done, u);
  if (report.iterations > 0) {
    used = SmoothingPreconditioner::Diagonal;
  }
  report.iterations += done;
  return report;
}

}  // namespace fastphoto
