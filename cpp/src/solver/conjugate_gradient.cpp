// SPDX-License-Identifier: Apache-2.0
#include "solver/conjugate_gradient.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/dot.h"

namespace fastphoto {

namespace {

// The float32 recursion is trusted to take the residual down by this factor; after that it is computed afresh.
constexpr double trusted_reduction = 1e-5;

// What rounding e to float32 leaves comes on top of the running residual, often four tenths of the default tolerance:
// this much of it saves a restart.
constexpr double running_share = 0.9;

// A restart that gains less than this has met the floor of the precision.
constexpr double least_gain = 0.7;

// The residual says little of a pixel that is loosely tied to what is known of it; that the last iteration has changed
// no pixel by more than rtol of the largest does. Smaller changes than this mean nothing in float32.
constexpr double least_change = 1e-6;

// Whether zero is closer than the guess is decided on every so manieth row; it is mostly by a factor of a thousand.
constexpr Index rows_per_sample = 8;

// Two last steps take the residual down to a third or a fourth; from farther away they are not tried.
constexpr double reach_of_last_steps = 3.5;

// Residuals of conjugate gradients may rise for a while, but not by this factor.
constexpr double give_up = 1e4;

/// What a step has done to a row: r . r after it, the largest change of e and the largest e.
struct StepOfRow {
  double squares;
  float change;
  float size;
};

/// Running largest sizes in lanes, which the compiler can keep in registers. Of numbers that are not finite, any.
struct Largest {
  float lanes[pack_size] = {};

  FASTPHOTO_INLINE void take(Index lane, float value) {
    const float size = value < 0.0F ? -value : value;
    lanes[lane] = size > lanes[lane] ? size : lanes[lane];
  }
  float of_all() const { return *std::max_element(lanes, lanes + pack_size); }
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

FASTPHOTO_MULTIVERSION float largest_of_row(const double* x, Index count) {
  Largest largest;
  for (Index first = 0; first < count; first += pack_size) {
    for (Index k = 0; k < pack_size; ++k) {
      largest.take(k, static_cast<float>(x[first + k]));
    }
  }
  return largest.of_all();
}

/// p = z + beta p on one row.
FASTPHOTO_MULTIVERSION void direct_row(float beta, const float* z, Index count, float* FASTPHOTO_RESTRICT p) {
  for (Index i = 0; i < count; ++i) {
    p[i] = z[i] + beta * p[i];
  }
}

template <class Body>
void for_each_row(Workers& workers, const Grid& grid, Index channels, Body body) {
  workers.run(grid.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < channels; ++c) {
        body(row, c);
      }
    }
  });
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

/// Largest |r| / |b|; a channel with b = 0 has x = 0 and so no residual.
double relative(const PerChannel& squares, const PerChannel& b_norms) {
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

double ratio_or_zero(double numerator, double denominator) {
  const double ratio = denominator > 0.0 ? numerator / denominator : 0.0;
  return std::isfinite(ratio) ? ratio : 0.0;
}

/// Dot products of a positive definite operator: positive, or zero where the vector is.
bool all_usable(const PerChannel& dots) {
  return std::all_of(dots.begin(), dots.end(), [](double dot) { return std::isfinite(dot) && dot >= 0.0; });
}

/// The float32 recursion: e starts at zero, r at the residual.
class Correction {
 public:
  Correction(Workers& workers, const StencilOperator& A, Preconditioner& M, LastSteps* last_steps, Index channels)
      : r(A.grid(), channels),
        e(A.grid(), channels),
        workers_(workers),
        A_(A),
        M_(M),
        last_steps_(last_steps),
        channels_(channels),
        p_(A.grid(), channels),
        z_(A.grid(), channels) {
    if (PagePool* const pages = PagePool::current(); pages != nullptr) {
      pages->end_large_pages();
    }
  }

  /// Returns the iterations made. Sets `unfit` if the preconditioner or the operator turned out not to be positive
  /// definite.
  ///
  /// @param still  the largest change in the last iteration, as a share of the largest unknown, at which to stop.
  /// @param size  the largest unknown without e.
  int iterate(const PerChannel& b_norms, double start, double target, double still, double size, int most,
              const std::function<bool(int, double)>& go_on) {
    const Grid& grid = A_.grid();
    for_each_row(workers_, grid, channels_, [&](Index row, Index c) {
      std::fill_n(e.row(c, row), grid.width, 0.0F);
      std::fill_n(p_.row(c, row), grid.width, 0.0F);
    });
    PerChannel beta(static_cast<std::size_t>(channels_));
    PerChannel rz_before;
    for (int iteration = 0; iteration < most; ++iteration) {
      const PerChannel rz = M_.apply(workers_, r, z_);
      if (!all_usable(rz)) {
        unfit = true;
        return iteration;
      }
      for (std::size_t c = 0; c < beta.size(); ++c) {
        beta[c] = iteration == 0 ? 0.0 : ratio_or_zero(rz[c], rz_before[c]);
      }
      for_each_row(workers_, grid, channels_, [&](Index row, Index c) {
        direct_row(static_cast<float>(beta[static_cast<std::size_t>(c)]), z_.row(c, row), grid.width, p_.row(c, row));
      });
      Field<float>& q = z_;  // z is part of p now
      const PerChannel pq = A_.apply(workers_, p_, q);
      if (!all_usable(pq)) {
        unfit = true;
        return iteration;
      }
      RowSums squares(grid.height, channels_);
      std::vector<StepOfRow> steps(static_cast<std::size_t>(grid.height * channels_));
      for_each_row(workers_, grid, channels_, [&](Index row, Index c) {
        const auto at = static_cast<std::size_t>(c);
        StepOfRow& step = steps[static_cast<std::size_t>(row * channels_ + c)];
        step_row(static_cast<float>(ratio_or_zero(rz[at], pq[at])), p_.row(c, row), q.row(c, row), grid.width,
                 e.row(c, row), r.row(c, row), step);
        squares.at(row, c) = step.squares;
      });
      double change = 0.0;
      double largest = size;
      for (const StepOfRow& step : steps) {
        change = std::max(change, static_cast<double>(step.change));
        largest = std::max(largest, static_cast<double>(step.size));
      }
      rz_before = rz;
      double residual = relative(squares.total(), b_norms);
      if (!(residual < give_up * start)) {
        unfit = true;
        return iteration + 1;
      }
      if (last_steps_ != nullptr && residual > target && residual <= reach_ * target && change <= still * largest) {
        residual = after_last_steps(b_norms, residual, target);
      }
      if (!go_on(iteration + 1, residual)) {
        cancelled = true;
        return iteration + 1;
      }
      if (residual <= target && change <= still * largest) {
        return iteration + 1;
      }
    }
    return most;
  }

  bool unfit = false;
  bool cancelled = false;
  Field<float> r;
  Field<float> e;

  /// Of the same shape, and not in use between iterations.
  Field<float>& room() { return p_; }
  Field<float>& more_room() { return z_; }

 private:
  /// Takes the last steps if they lead to the target. Returns the residual, which is what it was if they don't; they
  /// are tried again when what they have gained now would do.
  double after_last_steps(const PerChannel& b_norms, double residual, double target) {
    Field<float>& z = z_;  // not in use between iterations
    const double after = relative(last_steps_->attempt(workers_, r, z), b_norms);
    if (!(after <= target)) {
      reach_ = residual / after;
      return residual;
    }
    last_steps_->take(workers_, r, z, e);
    return after;
  }

  Workers& workers_;
  const StencilOperator& A_;
  Preconditioner& M_;
  LastSteps* last_steps_;
  double reach_ = reach_of_last_steps;
  Index channels_;
  Field<float> p_;
  Field<float> z_;
};

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

}  // namespace

SolveReport conjugate_gradient(Workers& workers, const StencilOperator& A, Preconditioner& M, LastSteps* last_steps,
                               Index channels, const StencilOperator::FillRow& b, const StencilOperator::FillRow& guess,
                               const SolveLimits& limits, Solution& x) {
  Correction correction(workers, A, M, last_steps, channels);
  const PerChannel b_norms = read_right_side(workers, b, correction.r);
  const auto residual_of = [&](const auto& unknowns) {
    return relative(A.residual(workers, b, unknowns, correction.r), b_norms);
  };
  SolveReport report;
  if (guess) {
    x = {};
  } else if (x.single) {
    x.sum = widened(workers, *x.single);
    x.single.reset();
  }
  // What a correction has to improve on. The first one from zero may well be as large as b where rounding of the
  // unknown times L is, that is for a tiny lam; it is kept if it beats the guess, and the next ones are small.
  double before = 0.0;
  if (guess) {
    Field<float>& first = correction.room();
    read_guess(workers, guess, b_norms, first);
    if (limits.zero_if_closer && limits.max_iterations > 0) {
      before = relative(A.residual(workers, b, first, correction.more_room(), rows_per_sample), b_norms);
    }
    if (!(before > 1.0)) {
      x.sum = widened(workers, first);
    }
  }
  if (x.sum) {
    report.residual = before = residual_of(*x.sum);
  } else {  // r is b
    report.residual = 1.0;
    before = std::max(before, report.residual);
  }
  bool single = false;  // the correction is the solution
  bool gaining = true;
  while (report.residual > limits.rtol && report.iterations < limits.max_iterations && gaining && !correction.unfit &&
         !correction.cancelled) {
    if (single) {
      x.sum = widened(workers, correction.e);
      single = false;
    }
    const double start = report.residual;
    const double target = std::max(running_share * limits.rtol, trusted_reduction * start);
    const bool last = limits.rtol >= trusted_reduction * start;  // with this correction all may be done
    const int done = report.iterations;
    report.iterations += correction.iterate(b_norms, start, target, last ? std::max(limits.rtol, least_change) : 1.0,
                                            x.sum ? static_cast<double>(largest_of(workers, *x.sum)) : 0.0,
                                            limits.max_iterations - done, [&](int iteration, double residual) {
                                              return !limits.progress || limits.progress(done + iteration, residual);
                                            });
    if (x.sum) {
      add(workers, 1.0, correction.e, *x.sum);
    }
    report.residual = x.sum ? residual_of(*x.sum) : residual_of(correction.e);
    if (!(report.residual < before)) {
      if (x.sum) {
        add(workers, -1.0, correction.e, *x.sum);
      }
      report.residual = start;
      correction.unfit = true;
    } else {
      single = !x.sum;
    }
    gaining = report.residual < least_gain * before;
    before = report.residual;
  }
  if (single) {
    x.single = std::move(correction.e);
  }
  report.cancelled = correction.cancelled;
  report.converged = report.residual <= limits.rtol;
  return report;
}

}  // namespace fastphoto
