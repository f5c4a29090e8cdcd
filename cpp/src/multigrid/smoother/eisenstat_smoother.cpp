// SPDX-License-Identifier: Apache-2.0
//
// What EisenstatSmoother does with each row that a sweep visits.
#include "multigrid/smoother/eisenstat_smoother.h"

#include <algorithm>
#include <utility>

#include "base/multiversion.h"
#include "multigrid/smoother/gauss_seidel_rows.h"

namespace fastphoto {

namespace {

FASTPHOTO_MULTIVERSION void scale_row(float factor, const float* from, Index count, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < count; ++i) {
    to[i] = factor * from[i];
  }
}

FASTPHOTO_MULTIVERSION void add_row(const float* from, Index count, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < count; ++i) {
    to[i] += from[i];
  }
}

/// What both directions share. While steps are taken, a row's state is y = G x, and its given row is s = F^-1 r. The
/// message of an odd row is w, that of an even row is v. README.md has the table.
class StepVisitor : public RowVisitor {
 public:
  StepVisitor(const LevelMatrix& matrix, const std::vector<float>& dampings, Index right_sides)
      : pairs_(matrix.pairs()), dampings_(dampings), right_sides_(right_sides) {}

  void announce(Index row, const SweepRows& rows) const override {
    solve_upper_odd(nodes(row), rows.state(row), rows.message(row));
  }

 protected:
  NodeRow nodes(Index row) const { return {pairs_.row(row), pairs_.row(row - 1), pairs_.length(), right_sides_}; }
  Index steps() const { return static_cast<Index>(dampings_.size()); }
  Index length() const { return pairs_.length(); }
  Index channels() const { return 4 * right_sides_; }
  Index pack_step() const { return channels() * pack_size; }

  static RowsBeside messages_beside(Index row, const SweepRows& rows) {
    return {rows.message(row - 1), rows.message(row + 1)};
  }

  /// The step with the damping of that number, on one row.
  void take_step(Index number, Index row, const SweepRows& rows) const {
    const float factor = dampings_[static_cast<std::size_t>(number)];
    const RowsBeside beside = messages_beside(row, rows);
    if (row % 2 == 0) {
      step_even(nodes(row), beside, factor, {rows.given(row), rows.state(row), rows.scratch(), rows.message(row)});
    } else {
      step_odd(nodes(row), beside, factor, {rows.given(row), rows.state(row), rows.message(row), rows.scratch()});
    }
  }

  const std::vector<float>& dampings() const { return dampings_; }

 private:
  const FoldedRows<std::int32_t>& pairs_;
  const std::vector<float>& dampings_;
  Index right_sides_;
};

/// The steps before the correction. The state of a row is r at first, and x at the end. Step k takes the damping of
/// number k + 1: from x = 0 the first step is only y = damping s, and is taken where the row begins. The last step
/// finds x and r - K x instead.
class VisitorBefore final : public StepVisitor {
 public:
  VisitorBefore(const LevelMatrix& matrix, const std::vector<float>& dampings, Index right_sides,
                FoldedRows<float>& rest)
      : StepVisitor(matrix, dampings, right_sides), rest_(rest) {}

  void begin(Index row, const SweepRows& rows) const override {
    const Index samples = (length() + 2) * pack_step();
    float* const whole_y = rows.state(row) - pack_step();
    float* const whole_s = rows.given(row) - pack_step();
    std::copy_n(whole_y, samples, whole_s);
    if (row % 2 == 0) {
      solve_lower_even(nodes(row), rows.given(row));
    } else {
      solve_lower_odd(nodes(row), {rows.given(row - 1), rows.given(row + 1)}, rows.given(row));
    }
    scale_row(dampings().front(), whole_s, samples, whole_y);
  }

  void step(Index step, Index row, const SweepRows& rows) const override {
    if (step + 1 < steps()) {
      take_step(step + 1, row, rows);
    } else if (row % 2 == 0) {
      // The odd rows beside an even row need its message, so a neighbour's row is finished as well.
      float* const rest = rows.owns(row) ? rest_.row(row) : rows.scratch();
      finish_even(nodes(row), messages_beside(row, rows),
                  {rows.given(row), nullptr, rows.state(row), rows.message(row), rest});
    } else {
      finish_odd(nodes(row), messages_beside(row, rows),
                 {rows.given(row), rows.message(row), rows.state(row), rows.scratch(), rest_.row(row)});
    }
  }

 private:
  FoldedRows<float>& rest_;
};

/// The steps after the correction, with the dampings in reverse order. The state of a row is x at first and at the end.
/// Behind the last step, another one only solves for x.
class VisitorAfter final : public StepVisitor {
 public:
  VisitorAfter(const LevelMatrix& matrix, const std::vector<float>& dampings, Index right_sides,
               const FoldedRows<float>& correction)
      : StepVisitor(matrix, dampings, right_sides), correction_(correction) {}

  void begin(Index row, const SweepRows& rows) const override {
    if (row % 2 != 0) {  // an even row begins with its first step: y = G x needs the odd rows' x in their messages
      add_correction(row, rows);
      multiply_upper_odd(nodes(row), rows.state(row));
    }
  }

  void step(Index step, Index row, const SweepRows& rows) const override {
    const bool even = row % 2 == 0;
    float* const y = rows.state(row);
    if (even && step == 0) {
      add_correction(row, rows);
      multiply_upper_even(nodes(row), messages_beside(row, rows), y);
    }
    if (step < steps()) {
      take_step(steps() - 1 - step, row, rows);
    } else if (!even) {
      std::copy_n(rows.message(row), length() * pack_step(), y);
    } else if (rows.owns(row)) {
      solve_upper_even(nodes(row), messages_beside(row, rows), y, y);
    }
  }

 private:
  void add_correction(Index row, const SweepRows& rows) const {
    float* const x = rows.state(row);
    add_row(correction_.row(row), length() * pack_step(), x);
    close_before(x, length(), channels());
    close_behind(x, length(), channels());
  }

  const FoldedRows<float>& correction_;
};

}  // namespace

EisenstatSmoother::EisenstatSmoother(const LevelMatrix& matrix, std::vector<float> dampings, Index right_sides)
    : matrix_(matrix),
      dampings_(std::move(dampings)),
      right_sides_(right_sides),
      s_(matrix.pairs().height(), matrix.pairs().width(), 4 * right_sides),
      sweep_(s_, matrix.pairs().row_step() * static_cast<Index>(sizeof(std::int32_t))) {}

void EisenstatSmoother::before(Workers& workers, FoldedRows<float>& v, FoldedRows<float>& rest) {
  const VisitorBefore visitor(matrix_, dampings_, right_sides_, rest);
  sweep_.run(workers, {v, s_, true}, static_cast<Index>(dampings_.size()), visitor);
}

void EisenstatSmoother::after(Workers& workers, const FoldedRows<float>& correction, FoldedRows<float>& v) {
  const VisitorAfter visitor(matrix_, dampings_, right_sides_, correction);
  sweep_.run(workers, {v, s_, false}, static_cast<Index>(dampings_.size()) + 1, visitor);
}

std::unique_ptr<LevelSmoother> make_eisenstat_smoother(const LevelMatrix& matrix, std::vector<float> dampings,
                                                       Index right_sides) {
  return std::make_unique<EisenstatSmoother>(matrix, std::move(dampings), right_sides);
}

}  // namespace fastphoto
