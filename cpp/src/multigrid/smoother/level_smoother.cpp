// SPDX-License-Identifier: Apache-2.0
#include "multigrid/smoother/level_smoother.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/multiversion.h"

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

/// A row with its outer packs.
float* whole_row(FoldedRows<float>& rows, Index y) { return rows.row(y) - rows.pack_step(); }

void copy_rows(FoldedRows<float>& from, Index first, Index count, FoldedRows<float>& to, Index to_first) {
  std::copy_n(whole_row(from, first), count * from.row_step(), whole_row(to, to_first));
}

/// Passes of a sweep of so many steps: even and odd rows in turns, first two that begin and then two for each step.
constexpr Index passes_of(Index steps) { return 2 * steps + 2; }

/// Calls body(pass, row) for all passes over the rows of a chunk, each pass a row behind the one before and on margins
/// that shrink to nothing with the last one.
template <class Body>
void pass_in_line(Index begin, Index end, Index height, Index passes, const Body& body) {
  const Index margin = passes - 1;
  for (Index front = begin - margin; front < end + margin; ++front) {
    if (front % 2 != 0) {
      continue;  // every pass would be at a row of the other colour
    }
    for (Index pass = 0; pass < passes; ++pass) {
      const Index row = front - pass;
      const Index extra = margin - pass;
      if (row >= std::max<Index>(0, begin - extra) && row < std::min(height, end + extra)) {
        body(pass, row);
      }
    }
  }
}

// The rows of a level that passes in line read and write shall fit in half of a core's second cache; a level that does
// not fit in the third either, which other cores use as well, is best swept once.
constexpr Index fewest_in_line = 2;
constexpr Index sweep_bytes = Index{1} << 19;
constexpr Index most_sweeps_bytes = Index{16} << 20;

/// Steps in line.
Index steps_per_sweep(const FoldedRows<std::int32_t>& pairs, const FoldedRows<float>& vector, Index steps) {
  const Index row_bytes = 4 * (pairs.row_step() + 3 * vector.row_step());
  return row_bytes * vector.height() > most_sweeps_bytes
             ? steps
             : std::min(steps, std::max<Index>(fewest_in_line, sweep_bytes / row_bytes / 2));
}

// A chunk computes some rows of its neighbours again, two for every step in line, so one for each thread is best. Which
// chunk a row is computed in makes no difference to it.
Index rows_per_chunk_of(const Workers& workers, Index height) {
  return std::max<Index>(node_rows_per_chunk, (height + workers.threads() - 1) / workers.threads());
}

}  // namespace

/// What a task has for itself: of other tasks' rows, which it computes again, it keeps copies.
struct LevelSmoother::Room {
  explicit Room(const FoldedRows<float>& like)
      : beside(0, like.width(), like.channels()), y(beside), s(beside), row(1, like.width(), like.channels()) {}

  void require_rows(Index in_line, Index of_others, bool of_s) {
    const auto require = [](FoldedRows<float>& rows, Index count) {
      if (rows.height() < count) {
        rows = FoldedRows<float>(count, rows.width(), rows.channels());
      }
    };
    require(beside, in_line + 2);
    require(y, of_others);
    require(s, of_s ? of_others : 0);
  }

  FoldedRows<float> beside;  // w of odd rows and v of even ones, each until its neighbours have read it
  FoldedRows<float> y;       // `margin` rows above the task's, then as many below
  FoldedRows<float> s;
  FoldedRows<float> row;
};

/// The rows a task works on.
struct LevelSmoother::Task {
  FoldedRows<float>& all_s;
  FoldedRows<float>& all_y;
  Room& room;
  Index begin;
  Index end;
  Index margin;
  bool makes_s;

  Index height() const { return all_y.height(); }
  bool owns(Index row) const { return row >= begin && row < end; }
  bool outside(Index row) const { return row < 0 || row >= height(); }
  Index in_room(Index row) const { return row < begin ? row - (begin - margin) : margin + row - end; }

  float* y(Index row) const { return owns(row) ? all_y.row(row) : room.y.row(in_room(row)); }
  // Row -1 of all of them stays zero, as the level's outside is.
  float* s(Index row) const {
    if (outside(row)) {
      return all_s.row(-1);
    }
    return owns(row) || !makes_s ? all_s.row(row) : room.s.row(in_room(row));
  }
  float* beside(Index row) const { return room.beside.row(outside(row) ? -1 : row % room.beside.height()); }
  RowsBeside s_beside(Index row) const { return {s(row - 1), s(row + 1)}; }
  RowsBeside rows_beside(Index row) const { return {beside(row - 1), beside(row + 1)}; }
  float* row_of_room() const { return room.row.row(0); }

  void copy_others_y() const {
    const Index first = std::max<Index>(0, begin - margin);
    copy_rows(all_y, first, begin - first, room.y, in_room(first));
    copy_rows(all_y, end, std::min(height(), end + margin) - end, room.y, margin);
  }
};

/// The steps of one sweep.
struct LevelSmoother::Steps {
  Index first;
  Index count;
};

/// What to do with a row: when the first sweep begins there, and in each step. In between w is found for odd rows. What
/// is called y here is G x; before the first step r, between the steps before and those after x.
struct LevelSmoother::Visits {
  bool makes_s;  // where the first sweep begins
  std::function<void(Index row, const Task& task)> begin_even;
  std::function<void(Index row, const Task& task)> begin_odd;
  std::function<void(Index step, Index row, const Task& task)> even;
  std::function<void(Index step, Index row, const Task& task)> odd;
};

LevelSmoother::LevelSmoother(const LevelMatrix& matrix, std::vector<float> factors, Index right_sides)
    : matrix_(matrix),
      factors_(std::move(factors)),
      right_sides_(right_sides),
      s_(matrix.pairs().height(), matrix.pairs().width(), 4 * right_sides) {}

LevelSmoother::~LevelSmoother() = default;

NodeRow LevelSmoother::nodes(Index row) const {
  const FoldedRows<std::int32_t>& pairs = matrix_.pairs();
  return {pairs.row(row), pairs.row(row - 1), pairs.length(), right_sides_};
}

void LevelSmoother::step_row(float factor, Index row, const Task& task) const {
  if (row % 2 == 0) {
    step_even(nodes(row), task.rows_beside(row), factor, task.s(row), task.y(row), task.row_of_room(),
              task.beside(row));
  } else {
    step_odd(nodes(row), task.rows_beside(row), factor, task.s(row), task.beside(row), task.y(row), task.row_of_room());
  }
}

/// The passes of one sweep over the rows of a task.
void LevelSmoother::pass_over(const Task& task, const Steps& steps, const Visits& visits) const {
  pass_in_line(task.begin, task.end, task.height(), passes_of(steps.count), [&](Index pass, Index row) {
    const Index done = pass / 2 - 1;  // in this sweep, when this pass is at the row
    if (pass % 2 == 0) {
      if (done >= 0) {
        visits.even(steps.first + done, row, task);
      } else if (steps.first == 0) {
        visits.begin_even(row, task);
      }
      return;
    }
    if (done >= 0) {
      visits.odd(steps.first + done, row, task);
    } else if (steps.first == 0) {
      visits.begin_odd(row, task);
    }
    if (done + 1 < steps.count) {
      solve_upper_odd(nodes(row), task.y(row), task.beside(row));
    }
  });
}

/// All steps, as many at a time as their rows fit in the cache.
void LevelSmoother::sweep(Workers& workers, FoldedRows<float>& y, Index count, const Visits& visits) {
  const Index height = s_.height();
  const Index rows = rows_per_chunk_of(workers, height);
  const bool alone = rows >= height;
  while (rooms_.size() * static_cast<std::size_t>(rows) < static_cast<std::size_t>(height)) {
    rooms_.push_back(std::make_unique<Room>(s_));
  }
  // Among several tasks, at most a fourth of the rows are computed twice.
  const Index most = alone ? count : std::max<Index>(fewest_in_line, rows / 16);
  const Index at_once = std::min(most, steps_per_sweep(matrix_.pairs(), s_, count));
  for (Index first = 0; first < count; first += at_once) {
    const Steps steps{first, std::min(at_once, count - first)};
    const Index margin = passes_of(steps.count);
    const bool makes_s = visits.makes_s && first == 0;
    const auto task = [&](Index begin, Index end) {
      Room& room = *rooms_[static_cast<std::size_t>(begin / rows)];
      room.require_rows(margin, alone ? 0 : 2 * margin, !alone && makes_s);
      return Task{s_, y, room, begin, end, margin, makes_s};
    };
    if (alone) {
      pass_over(task(0, height), steps, visits);
      continue;
    }
    workers.run(height, rows, [&](Index begin, Index end) { task(begin, end).copy_others_y(); });
    workers.run(height, rows, [&](Index begin, Index end) { pass_over(task(begin, end), steps, visits); });
  }
}

void LevelSmoother::before(Workers& workers, FoldedRows<float>& v, FoldedRows<float>& rest) {
  const Index outer = s_.pack_step();
  const auto steps = static_cast<Index>(factors_.size());
  // The first step is taken where the rows begin.
  const auto factor = [&](Index step) { return factors_[static_cast<std::size_t>(step + 1)]; };
  const auto take_right_side = [&](Index row, const Task& task) {
    std::copy_n(task.y(row) - outer, s_.row_step(), task.s(row) - outer);
  };
  const auto take_first_step = [&](Index row, const Task& task) {
    scale_row(factors_[0], task.s(row) - outer, s_.row_step(), task.y(row) - outer);
  };
  Visits visits;
  visits.makes_s = true;
  visits.begin_even = [&](Index row, const Task& task) {
    take_right_side(row, task);
    solve_lower_even(nodes(row), task.s(row));
    take_first_step(row, task);
  };
  visits.begin_odd = [&](Index row, const Task& task) {
    take_right_side(row, task);
    solve_lower_odd(nodes(row), task.s_beside(row), task.s(row));
    take_first_step(row, task);
  };
  // Behind the last step x and r - K x are found.
  visits.even = [&](Index step, Index row, const Task& task) {
    if (step + 1 < steps) {
      step_row(factor(step), row, task);
      return;
    }
    finish_even(nodes(row), task.rows_beside(row), task.s(row), task.y(row), task.beside(row),
                task.owns(row) ? rest.row(row) : task.row_of_room());
  };
  visits.odd = [&](Index step, Index row, const Task& task) {
    if (step + 1 < steps) {
      step_row(factor(step), row, task);
      return;
    }
    finish_odd(nodes(row), task.rows_beside(row), task.s(row), task.beside(row), task.y(row), task.row_of_room(),
               rest.row(row));
  };
  sweep(workers, v, steps, visits);
}

void LevelSmoother::after(Workers& workers, const FoldedRows<float>& correction, FoldedRows<float>& v) {
  const auto steps = static_cast<Index>(factors_.size());
  const Index samples = s_.length() * s_.pack_step();
  const auto factor = [&](Index step) { return factors_[static_cast<std::size_t>(steps - 1 - step)]; };
  const auto add_correction = [&](Index row, const Task& task) {
    add_row(correction.row(row), samples, task.y(row));
    close_before(task.y(row), s_.length(), s_.channels());
    close_behind(task.y(row), s_.length(), s_.channels());
  };
  Visits visits;
  visits.makes_s = false;
  visits.begin_even = [](Index, const Task&) {};
  visits.begin_odd = [&](Index row, const Task& task) {
    add_correction(row, task);
    multiply_upper_odd(nodes(row), task.y(row));  // what w is found from is x again
  };
  // Behind the last step, another one only solves for x.
  visits.even = [&](Index step, Index row, const Task& task) {
    if (step == 0) {
      add_correction(row, task);
      multiply_upper_even(nodes(row), task.rows_beside(row), task.y(row));
    }
    if (step < steps) {
      step_row(factor(step), row, task);
    } else if (task.owns(row)) {
      solve_upper_even(nodes(row), task.rows_beside(row), task.y(row), task.y(row));
    }
  };
  visits.odd = [&](Index step, Index row, const Task& task) {
    if (step < steps) {
      step_row(factor(step), row, task);
    } else {
      std::copy_n(task.beside(row), samples, task.y(row));
    }
  };
  sweep(workers, v, steps + 1, visits);
}

}  // namespace fastphoto
