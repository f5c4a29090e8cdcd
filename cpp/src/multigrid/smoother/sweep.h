// SPDX-License-Identifier: Apache-2.0
//
// Takes the steps of an iteration through the rows of a level, several steps at a time, whatever a step computes.
#pragma once

#include <memory>
#include <vector>

#include "base/parallel.h"
#include "multigrid/folded_rows.h"

namespace fastphoto {

/// The vectors of a level that a sweep goes through.
struct SweepVectors {
  FoldedRows<float>& state;  ///< what visits update in place
  FoldedRows<float>& given;  ///< what steps only read
  bool makes_given;          ///< whether the first visit of a row writes its `given`
};

/// What one task of a sweep has for itself.
struct SweepRoom {
  explicit SweepRoom(const FoldedRows<float>& like)
      : message(0, like.width(), like.channels()),
        state(message),
        given(message),
        scratch(1, like.width(), like.channels()) {}

  FoldedRows<float> message;  ///< a ring: each row's message lies here until its neighbours have read it
  FoldedRows<float> state;    ///< copies of rows of other tasks: `margin` rows above this task's, then as many below
  FoldedRows<float> given;    ///< the same
  FoldedRows<float> scratch;  ///< one row
};

/// The vectors as one task sees them. The task owns rows [begin, end) of the level and works on them in place. It also
/// visits rows of its neighbours, up to `margin` away, in copies of its own: both tasks compute the same there.
class SweepRows {
 public:
  SweepRows(const SweepVectors& vectors, SweepRoom& room, Index begin, Index end, Index margin)
      : vectors_(vectors), room_(room), begin_(begin), end_(end), margin_(margin) {}

  Index begin() const { return begin_; }
  Index end() const { return end_; }
  Index height() const { return vectors_.state.height(); }
  bool owns(Index row) const { return row >= begin_ && row < end_; }

  /// Pack 0 of a row that visits update.
  float* state(Index row) const { return owns(row) ? vectors_.state.row(row) : room_.state.row(in_room(row)); }

  /// Pack 0 of a row that steps read. Rows outside the level are zero.
  float* given(Index row) const {
    if (outside(row)) {
      return vectors_.given.row(-1);
    }
    return owns(row) || !vectors_.makes_given ? vectors_.given.row(row) : room_.given.row(in_room(row));
  }

  /// Pack 0 of what a row tells the rows above and below it. Rows outside the level are zero.
  float* message(Index row) const { return room_.message.row(outside(row) ? -1 : row % room_.message.height()); }

  /// Pack 0 of a row whose content nobody needs.
  float* scratch() const { return room_.scratch.row(0); }

  /// Copies the state of the neighbours' rows before any task changes it.
  void copy_neighbours() const;

 private:
  bool outside(Index row) const { return row < 0 || row >= height(); }
  Index in_room(Index row) const { return row < begin_ ? row - (begin_ - margin_) : margin_ + row - end_; }

  SweepVectors vectors_;
  SweepRoom& room_;
  Index begin_;
  Index end_;
  Index margin_;
};

/// The mathematics of an iteration: what a visit does with a row. It may read and write the row's own state, given and
/// message, and read the neighbours' given and messages; nothing else of other rows.
class RowVisitor {
 public:
  RowVisitor() = default;
  virtual ~RowVisitor() = default;
  RowVisitor(const RowVisitor&) = delete;
  RowVisitor& operator=(const RowVisitor&) = delete;

  /// The first visit, before all steps. Even rows come before the odd rows beside them.
  virtual void begin(Index row, const SweepRows& rows) const = 0;

  /// A step. An even row comes before the odd rows beside it, and reads what they announced. An odd row reads what the
  /// even rows beside it have left as their message in the same step.
  virtual void step(Index step, Index row, const SweepRows& rows) const = 0;

  /// Follows each visit of an odd row but the last: leaves the message that the next step on the even rows reads.
  virtual void announce(Index row, const SweepRows& rows) const = 0;
};

/// Visits the rows of a level.
///
/// Plainly, a step would go through all rows before the next step begins. But then every step reads the whole level
/// from memory. Here steps go through the rows in line: while one step is at row i, the next one is at row i - 2, whose
/// data are still in the cache. As many steps go in line as have their rows there; if those are not all, the level is
/// swept several times.
class Sweep {
 public:
  /// @param like  a vector of the level.
  /// @param matrix_row_bytes  that a visit reads beside vectors.
  Sweep(const FoldedRows<float>& like, Index matrix_row_bytes);

  /// The first visit and all steps on all rows. The result does not depend on the number of threads.
  void run(Workers& workers, const SweepVectors& vectors, Index steps, const RowVisitor& visitor);

 private:
  Index height_;
  Index bytes_per_row_;
  std::vector<std::unique_ptr<SweepRoom>> rooms_;
};

}  // namespace fastphoto
