// SPDX-License-Identifier: Apache-2.0
//
// Iterative refinement: float32 corrections of a float64 solution, until the residual that is computed afresh is small.
#include "solver/conjugate_gradient.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/dot.h"
#include "solver/correction.h"
#include "solver/field_rows.h"

namespace fastphoto {

namespace {

// The float32 recursion is trusted to take the residual down by this factor; after that it is computed afresh.
constexpr double trusted_reduction = 1e-5;

// When e is rounded to float32, a residual comes on top of the running one, often four tenths of the default tolerance.
// A target of this share of the tolerance saves a restart.
constexpr double running_share = 0.9;

// A restart that gains less than this has met the floor of the precision.
constexpr double least_gain = 0.7;

// The residual says little of a pixel that is loosely tied to the known ones. So the last iteration must also have
// changed no pixel by more than rtol of the largest. Smaller changes than this mean nothing in float32.
constexpr double least_change = 1e-6;

// Whether zero is closer than the guess is decided on one row in so many. Mostly the residuals differ by a factor of a
// thousand.
constexpr Index rows_per_sample = 8;

FASTPHOTO_MULTIVERSION float largest_of_row(const double* x, Index count) {
  Largest largest;
  for (Index first = 0; first < count; first += pack_size) {
    for (Index k = 0; k < pack_size; ++k) {
      largest.take(k, static_cast<float>(x[first + k]));
    }
  }
  return largest.of_all();
}

/// r = b; returns the norms of its channels.
PerChannel read_right_side(Workers& workers, const StencilOperator::FillRow& b, Field<float>& r) {
  RowSums squares(r.grid().height, r.channels());
  for_each_row(workers, r.grid(), r.channels(), [&](Index row, Index c) {
    float* const values = r.row(c, row);
    b(c, row, values);
    squares.at(row, c) = dot_row(values, values, r.grid().width);
  });
  PerChannel norms = squares.total();
  for (double& norm : norms) {
    norm = std::sqrt(norm);
  }
  return norms;
}

float largest_of(Workers& workers, const Field<double>& x) {
  std::vector<float> rows(static_cast<std::size_t>(x.grid().height * x.channels()));
  for_each_row(workers, x.grid(), x.channels(), [&](Index row, Index c) {
    rows[static_cast<std::size_t>(row * x.channels() + c)] = largest_of_row(x.row(c, row), x.grid().width);
  });
  return *std::max_element(rows.begin(), rows.end());
}

/// x += sign e.
void add(Workers& workers, double sign, const Field<float>& e, Field<double>& x) {
  for_each_row(workers, x.grid(), x.channels(), [&](Index row, Index c) {
    const float* from = e.row(c, row);
    double* to = x.row(c, row);
    for (Index i = 0; i < x.grid().width; ++i) {
      to[i] += sign * static_cast<double>(from[i]);
    }
  });
}

Field<double> widened(Workers& workers, const Field<float>& e) {
  Field<double> x(e.grid(), e.channels());
  add(workers, 1.0, e, x);
  return x;
}

/// Fills x, with zero where b is zero.
void read_guess(Workers& workers, const StencilOperator::FillRow& guess, const PerChannel& b_norms, Field<float>& x) {
  for_each_row(workers, x.grid(), x.channels(), [&](Index row, Index c) {
    if (b_norms[static_cast<std::size_t>(c)] > 0.0) {
      guess(c, row, x.row(c, row));
    } else {
      std::fill_n(x.row(c, row), x.grid().width, 0.0F);
    }
  });
}

/// The solution so far, and the decisions about the next correction.
class Refinement {
 public:
  Refinement(Workers& workers, const LinearSystem& system, Preconditioner& M, LastSteps* last_steps,
             const SolveLimits& limits, Solution& x)
      : workers_(workers),
        system_(system),
        limits_(limits),
        x_(x),
        correction_(workers, system.A, M, last_steps, system.channels),
        b_norms_(read_right_side(workers, system.b, correction_.r)) {}

  /// Reads the guess, if there is one and zero is not closer, and finds the first residual.
  void start();

  bool may_improve() const {
    return gaining_ && report_.residual > limits_.rtol && report_.iterations < limits_.max_iterations;
  }

  /// Finds a correction, and keeps it if it makes the residual smaller.
  void improve();

  SolveReport finish();

 private:
  void read_first_guess();
  CorrectionGoal next_goal() const;

  template <class T>
  double residual_of(const Field<T>& unknowns) {
    return relative_residual(system_.A.residual(workers_, system_.b, unknowns, correction_.r), b_norms_);
  }

  Workers& workers_;
  const LinearSystem& system_;
  const SolveLimits& limits_;
  Solution& x_;
  Correction correction_;
  PerChannel b_norms_;
  SolveReport report_;
  bool solved_from_zero_ = false;  // the solution lies in correction_.e, and not yet in x
  bool gaining_ = true;            // the last correction was worth its iterations, and its run came to its end
  // The residual that a correction has to improve on. The first one from zero may be as large as b where rounding of
  // the unknown times L is, that is for a tiny lam. It is kept if it beats the guess, and the next ones are small.
  double to_beat_ = 0.0;
};

void Refinement::start() {
  if (system_.guess) {
    x_ = {};
    read_first_guess();
  } else if (x_.single) {
    x_.sum = widened(workers_, *x_.single);
    x_.single.reset();
  }
  if (x_.sum) {
    report_.residual = to_beat_ = residual_of(*x_.sum);
  } else {  // r is b
    report_.residual = 1.0;
    to_beat_ = std::max(to_beat_, report_.residual);
  }
}

void Refinement::read_first_guess() {
  Field<float>& guess = correction_.room();
  read_guess(workers_, system_.guess, b_norms_, guess);
  if (limits_.zero_if_closer && limits_.max_iterations > 0) {
    to_beat_ = relative_residual(
        system_.A.residual(workers_, system_.b, guess, correction_.more_room(), rows_per_sample), b_norms_);
  }
  if (!(to_beat_ > 1.0)) {
    x_.sum = widened(workers_, guess);
  }
}

CorrectionGoal Refinement::next_goal() const {
  const double start = report_.residual;
  const bool may_be_last = limits_.rtol >= trusted_reduction * start;
  return {start, std::max(running_share * limits_.rtol, trusted_reduction * start),
          may_be_last ? std::max(limits_.rtol, least_change) : 1.0,
          x_.sum ? static_cast<double>(largest_of(workers_, *x_.sum)) : 0.0,
          limits_.max_iterations - report_.iterations};
}

void Refinement::improve() {
  if (solved_from_zero_) {
    x_.sum = widened(workers_, correction_.e);
    solved_from_zero_ = false;
  }
  const CorrectionGoal goal = next_goal();
  const int done = report_.iterations;
  const CorrectionRun run = correction_.iterate(b_norms_, goal, [&](int iteration, double residual) {
    return !limits_.progress || limits_.progress(done + iteration, residual);
  });
  report_.iterations += run.iterations;
  report_.cancelled = run.end == CorrectionEnd::Cancelled;
  if (x_.sum) {
    add(workers_, 1.0, correction_.e, *x_.sum);
  }
  report_.residual = x_.sum ? residual_of(*x_.sum) : residual_of(correction_.e);
  const bool better = report_.residual < to_beat_;
  if (better) {
    solved_from_zero_ = !x_.sum;
  } else {
    if (x_.sum) {
      add(workers_, -1.0, correction_.e, *x_.sum);
    }
    report_.residual = goal.start;
  }
  gaining_ = better && run.end == CorrectionEnd::Done && report_.residual < least_gain * to_beat_;
  to_beat_ = report_.residual;
}

SolveReport Refinement::finish() {
  if (solved_from_zero_) {
    x_.single = std::move(correction_.e);
  }
  report_.converged = report_.residual <= limits_.rtol;
  return report_;
}

}  // namespace

SolveReport conjugate_gradient(Workers& workers, const LinearSystem& system, Preconditioner& M, LastSteps* last_steps,
                               const SolveLimits& limits, Solution& x) {
  Refinement refinement(workers, system, M, last_steps, limits, x);
  refinement.start();
  while (refinement.may_improve()) {
    refinement.improve();
  }
  return refinement.finish();
}

}  // namespace fastphoto
