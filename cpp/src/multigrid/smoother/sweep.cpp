// SPDX-License-Identifier: Apache-2.0
//
// The order in which a sweep visits rows, and the rows that each of its tasks copies.
#include "multigrid/smoother/sweep.h"

#include <algorithm>

#include "multigrid/coarse_level.h"

namespace fastphoto {

namespace {

// The rows of all steps in line shall fit in half of a core's second-level cache. Where a level does not even fit in
// the third-level cache, which other cores use as well, a single sweep with all steps in line is best.
constexpr Index fewest_steps_in_line = 2;
constexpr Index second_cache_bytes = Index{1} << 19;
constexpr Index third_cache_bytes = Index{16} << 20;

Index steps_in_line(Index bytes_per_row, Index height, Index steps) {
  return bytes_per_row * height > third_cache_bytes
             ? steps
             : std::min(steps, std::max<Index>(fewest_steps_in_line, second_cache_bytes / bytes_per_row / 2));
}

// A task visits some rows of its neighbours again, two for every step in line. So one task for each thread is best.
// Which task visits a row makes no difference to the row.
Index rows_per_task(const Workers& workers, Index height) {
  return std::max<Index>(node_rows_per_chunk, (height + workers.threads() - 1) / workers.threads());
}

/// The steps that one sweep takes.
struct Steps {
  Index first;
  Index count;
};

/// Each step takes two passes, one over the even rows and one over the odd rows. Two passes come before the first step:
/// they begin, or in a later sweep only announce.
constexpr Index passes_of(Index steps) { return 2 * steps + 2; }

/// Calls visit(pass, row) for all passes over the rows of a task, each pass one row behind the pass before. The first
/// pass covers `passes` - 1 rows more than the task owns on either side, the next one a row less, the last none.
template <class Visit>
void pass_in_line(const SweepRows& rows, Index passes, const Visit& visit) {
  const Index margin = passes - 1;
  for (Index front = rows.begin() - margin; front < rows.end() + margin; ++front) {
    if (front % 2 != 0) {
      continue;  // even passes would be at odd rows, and odd passes at even rows
    }
    for (Index pass = 0; pass < passes; ++pass) {
      const Index row = front - pass;
      const Index extra = margin - pass;
      if (row >= std::max<Index>(0, rows.begin() - extra) && row < std::min(rows.height(), rows.end() + extra)) {
        visit(pass, row);
      }
    }
  }
}

/// All visits of one task in one sweep.
void visit_rows(const SweepRows& rows, const Steps& steps, const RowVisitor& visitor) {
  pass_in_line(rows, passes_of(steps.count), [&](Index pass, Index row) {
    const Index step = pass / 2 - 1;  // in this sweep; -1 before the first
    if (step >= 0) {
      visitor.step(steps.first + step, row, rows);
    } else if (steps.first == 0) {
      visitor.begin(row, rows);
    }
    if (row % 2 != 0 && step + 1 < steps.count) {
      visitor.announce(row, rows);
    }
  });
}

/// A row with the packs before and behind it.
float* whole_row(FoldedRows<float>& rows, Index y) { return rows.row(y) - rows.pack_step(); }

void copy_rows(FoldedRows<float>& from, Index first, Index count, FoldedRows<float>& to, Index to_first) {
  std::copy_n(whole_row(from, first), count * from.row_step(), whole_row(to, to_first));
}

void require_rows(FoldedRows<float>& rows, Index count) {
  if (rows.height() < count) {
    rows = FoldedRows<float>(count, rows.width(), rows.channels());
  }
}

}  // namespace

void SweepRows::copy_neighbours() const {
  const Index first = std::max<Index>(0, begin_ - margin_);
  copy_rows(vectors_.state, first, begin_ - first, room_.state, in_room(first));
  copy_rows(vectors_.state, end_, std::min(height(), end_ + margin_) - end_, room_.state, margin_);
}

Sweep::Sweep(const FoldedRows<float>& like, Index matrix_row_bytes)
    : height_(like.height()),
      bytes_per_row_(matrix_row_bytes + 3 * like.row_step() * static_cast<Index>(sizeof(float))) {}

void Sweep::run(Workers& workers, const SweepVectors& vectors, Index steps, const RowVisitor& visitor) {
  const Index rows = rows_per_task(workers, height_);
  const bool alone = rows >= height_;
  while (static_cast<Index>(rooms_.size()) * rows < height_) {
    rooms_.push_back(std::make_unique<SweepRoom>(vectors.state));
  }
  // Among several tasks, at most a fourth of the rows are visited twice.
  const Index most = alone ? steps : std::max<Index>(fewest_steps_in_line, rows / 16);
  const Index in_line = std::min(most, steps_in_line(bytes_per_row_, height_, steps));
  for (Index first = 0; first < steps; first += in_line) {
    const Steps now{first, std::min(in_line, steps - first)};
    const Index margin = passes_of(now.count);
    const SweepVectors seen{vectors.state, vectors.given, vectors.makes_given && first == 0};
    const auto rows_of_task = [&](Index begin, Index end) {
      SweepRoom& room = *rooms_[static_cast<std::size_t>(begin / rows)];
      require_rows(room.message, margin + 2);
      require_rows(room.state, alone ? 0 : 2 * margin);
      require_rows(room.given, !alone && seen.makes_given ? 2 * margin : 0);
      return SweepRows(seen, room, begin, end, margin);
    };
    if (alone) {
      visit_rows(rows_of_task(0, height_), now, visitor);
      continue;
    }
    workers.run(height_, rows, [&](Index begin, Index end) { rows_of_task(begin, end).copy_neighbours(); });
    workers.run(height_, rows, [&](Index begin, Index end) { visit_rows(rows_of_task(begin, end), now, visitor); });
  }
}

}  // namespace fastphoto
