// SPDX-License-Identifier: Apache-2.0
//
// One iteration of conjugate gradients after the other, in float32 with float64 dot products.
#include "solver/correction.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/dot.h"
#include "base/page_pool.h"
#include "solver/field_rows.h"

namespace fastphoto {

namespace {

// Two last steps take the residual down to a third or a fourth. From farther away they are not tried.
constexpr double first_reach_of_last_steps = 3.5;

// Residuals of conjugate gradients may rise for a while, but not by this factor.
constexpr double give_up = 1e4;

/// What a step has found in a row.
struct StepOfRow {
  double squares;  // r . r after the step
  float change;    // largest change of e
  float size;      // largest e
};

/// e += a p, r -= a q on one row, padded.
FASTPHOTO_MULTIVERSION void step_row(float a, const float* FASTPHOTO_RESTRICT p, const float* FASTPHOTO_RESTRICT q,
                                     Index count, float* FASTPHOTO_RESTRICT e, float* FASTPHOTO_RESTRICT r,
                                     StepOfRow& step) {
  Largest change;
  Largest size;
  for (Index first = 0; first < count; first += pack_size) {
    for (Index k = 0; k < pack_size; ++k) {
      const float by = a * p[first + k];
      const float to = e[first + k] + by;
      e[first + k] = to;
      r[first + k] -= a * q[first + k];
      change.take(k, by);
      size.take(k, to);
    }
  }
  step.squares = dot_in_lanes(r, r, count);
  step.change = change.of_all();
  step.size = size.of_all();
}

/// p = z + beta p on one row.
FASTPHOTO_MULTIVERSION void direct_row(float beta, const float* z, Index count, float* FASTPHOTO_RESTRICT p) {
  for (Index i = 0; i < count; ++i) {
    p[i] = z[i] + beta * p[i];
  }
}

double ratio_or_zero(double numerator, double denominator) {
  const double ratio = denominator > 0.0 ? numerator / denominator : 0.0;
  return std::isfinite(ratio) ? ratio : 0.0;
}

/// Dot products of a positive definite operator: positive, or zero where the vector is.
bool all_usable(const PerChannel& dots) {
  return std::all_of(dots.begin(), dots.end(), [](double dot) { return std::isfinite(dot) && dot >= 0.0; });
}

}  // namespace

double relative_residual(const PerChannel& squares, const PerChannel& b_norms) {
  double largest = 0.0;
  for (std::size_t c = 0; c < squares.size(); ++c) {
    const double share = b_norms[c] > 0.0 ? std::sqrt(squares[c]) / b_norms[c] : 0.0;
    if (std::isnan(share)) {
      return share;
    }
    largest = std::max(largest, share);
  }
  return largest;
}

Correction::Correction(Workers& workers, const StencilOperator& A, Preconditioner& M, LastSteps* last_steps,
                       Index channels)
    : r(A.grid(), channels),
      e(A.grid(), channels),
      workers_(workers),
      A_(A),
      M_(M),
      last_steps_(last_steps),
      reach_of_last_steps_(first_reach_of_last_steps),
      channels_(channels),
      p_(A.grid(), channels),
      z_(A.grid(), channels) {
  if (PagePool* const pages = PagePool::current(); pages != nullptr) {
    pages->end_large_pages();
  }
}

CorrectionRun Correction::iterate(const PerChannel& b_norms, const CorrectionGoal& goal,
                                  const std::function<bool(int, double)>& go_on) {
  for_each_row(workers_, A_.grid(), channels_, [&](Index row, Index c) {
    std::fill_n(e.row(c, row), A_.grid().width, 0.0F);
    std::fill_n(p_.row(c, row), A_.grid().width, 0.0F);
  });
  for (int iteration = 0; iteration < goal.most; ++iteration) {
    Step step;
    if (!find_direction(iteration == 0) || !take_step(step)) {
      return {iteration, CorrectionEnd::Unfit};
    }
    double residual = relative_residual(step.squares, b_norms);
    if (!(residual < give_up * goal.start)) {
      return {iteration + 1, CorrectionEnd::Unfit};
    }
    const bool still = step.change <= goal.still * std::max(goal.size, step.largest);
    if (last_steps_ != nullptr && still && residual > goal.target && residual <= reach_of_last_steps_ * goal.target) {
      residual = after_last_steps(b_norms, residual, goal.target);
    }
    if (!go_on(iteration + 1, residual)) {
      return {iteration + 1, CorrectionEnd::Cancelled};
    }
    if (still && residual <= goal.target) {
      return {iteration + 1, CorrectionEnd::Done};
    }
  }
  return {goal.most, CorrectionEnd::Done};
}

/// p = z + beta p with z = M r. False if M turned out not to be positive definite.
bool Correction::find_direction(bool first) {
  const PerChannel rz_before = std::exchange(rz_, M_.apply(workers_, r, z_));
  if (!all_usable(rz_)) {
    return false;
  }
  PerChannel beta(static_cast<std::size_t>(channels_));
  for (std::size_t c = 0; c < beta.size(); ++c) {
    beta[c] = first ? 0.0 : ratio_or_zero(rz_[c], rz_before[c]);
  }
  for_each_row(workers_, A_.grid(), channels_, [&](Index row, Index c) {
    direct_row(static_cast<float>(beta[static_cast<std::size_t>(c)]), z_.row(c, row), A_.grid().width, p_.row(c, row));
  });
  return true;
}

/// e += a p, r -= a A p. False if A turned out not to be positive definite.
bool Correction::take_step(Step& step) {
  const Grid& grid = A_.grid();
  Field<float>& q = z_;  // z is part of p now
  const PerChannel pq = A_.apply(workers_, p_, q);
  if (!all_usable(pq)) {
    return false;
  }
  RowSums squares(grid.height, channels_);
  std::vector<StepOfRow> steps(static_cast<std::size_t>(grid.height * channels_));
  for_each_row(workers_, grid, channels_, [&](Index row, Index c) {
    const auto at = static_cast<std::size_t>(c);
    StepOfRow& of_row = steps[static_cast<std::size_t>(row * channels_ + c)];
    step_row(static_cast<float>(ratio_or_zero(rz_[at], pq[at])), p_.row(c, row), q.row(c, row), grid.width,
             e.row(c, row), r.row(c, row), of_row);
    squares.at(row, c) = of_row.squares;
  });
  step = {squares.total(), 0.0, 0.0};
  for (const StepOfRow& of_row : steps) {
    step.change = std::max(step.change, static_cast<double>(of_row.change));
    step.largest = std::max(step.largest, static_cast<double>(of_row.size));
  }
  return true;
}

/// Takes the last steps if they lead to the target. Returns the residual, which stays as it is if they do not. They are
/// tried again at a residual from which their gain of now would do.
double Correction::after_last_steps(const PerChannel& b_norms, double residual, double target) {
  Field<float>& z = z_;  // not in use between iterations
  const double after = relative_residual(last_steps_->attempt(workers_, r, z), b_norms);
  if (!(after <= target)) {
    reach_of_last_steps_ = residual / after;
    return residual;
  }
  last_steps_->take(workers_, r, z, e);
  return after;
}

}  // namespace fastphoto
