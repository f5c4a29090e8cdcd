// SPDX-License-Identifier: Apache-2.0
#include "level_smoother.h"

#include <algorithm>
#include <utility>

#include "channel_count.h"
#include "multiversion.h"
#include "pack.h"

namespace fastphoto {

namespace {

/// Pointers for one row of nodes, to pack 0 of its first channel.
struct NodeRow {
  const std::int32_t* pairs;        // of this row,
  const std::int32_t* pairs_above;  // of the row above, and
  const std::int32_t* pairs_next;   // of a row that is not in the cache yet, or none
  const float* x[3];                // the rows above, of and below the nodes
  Index length;
};

/// `x_row(y)` points at row y of x, which may lie outside the level.
template <class RowOfX>
NodeRow node_row(const LevelMatrix& matrix, Index row, const RowOfX& x_row, bool first_visit) {
  const FoldedRows<std::int32_t>& pairs = matrix.pairs();
  return {pairs.row(row),
          pairs.row(row - 1),
          first_visit ? pairs.row(row + 1) : nullptr,
          {x_row(row - 1), x_row(row), x_row(row + 1)},
          pairs.length()};
}

constexpr Index pairs_per_node = LevelMatrix::pairs_per_block * CoarseLevel::blocks_per_node;

// What load_pairs makes of an entry of one.
constexpr float scale = 65536.0F * LevelMatrix::entries_per_one;

/// sums += scale K x for one block of a pack of nodes and R right sides.
template <Index R>
FASTPHOTO_INLINE void add_product(const std::int32_t* block, const float* x, Pack (&sums)[4 * R]) {
  unrolled<2>([&](auto half) FASTPHOTO_INLINE_LAMBDA {
    Pack own[2 * R];  // of unknowns 2 half and 2 half + 1
    unrolled<2 * R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { load(x + (half * 2 * R + r) * pack_size, own[r]); });
    keep_loaded();
    unrolled<4>([&](auto a) FASTPHOTO_INLINE_LAMBDA {
      Pack first;
      Pack second;
      load_pairs(block + (2 * a + half) * pack_size, first, second);
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[a * R + r] += first * own[r]; });
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[a * R + r] += second * own[R + r]; });
    });
  });
}

/// The same for its transpose.
template <Index R>
FASTPHOTO_INLINE void add_transposed_product(const std::int32_t* block, const float* x, Pack (&sums)[4 * R]) {
  unrolled<4>([&](auto b) FASTPHOTO_INLINE_LAMBDA {
    Pack own[R];
    unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { load(x + (b * R + r) * pack_size, own[r]); });
    keep_loaded();
    unrolled<2>([&](auto half) FASTPHOTO_INLINE_LAMBDA {
      Pack first;
      Pack second;
      load_pairs(block + (2 * b + half) * pack_size, first, second);
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[2 * half * R + r] += first * own[r]; });
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[(2 * half + 1) * R + r] += second * own[r]; });
    });
  });
}

/// Calls finish(at, x, r - K x) for the packs of all unknowns of one row.
template <Index R, class Finish>
FASTPHOTO_INLINE void subtract_packs(NodeRow row, const float* right, const Finish& finish) {
  constexpr Index step = 4 * R * pack_size;  // from the unknowns of one pack of nodes to those of the next
  constexpr Index pair_step = pairs_per_node * pack_size;
  for (Index j = 0; j < row.length; ++j) {
    if (row.pairs_next != nullptr) {
      for (Index pair = 0; pair < pairs_per_node; ++pair) {
        prefetch(row.pairs_next + j * pair_step + pair * pack_size);
      }
    }
    Pack sums[4 * R] = {};
    unrolled<CoarseLevel::blocks_per_node>([&](auto o) FASTPHOTO_INLINE_LAMBDA {
      constexpr NeighbourOffset offset = CoarseLevel::offsets[o];
      constexpr Index block = o * LevelMatrix::pairs_per_block * pack_size;
      add_product<R>(row.pairs + j * pair_step + block, row.x[1 + offset.dy] + (j + offset.dx) * step, sums);
      const std::int32_t* const pairs = offset.dy == 0 ? row.pairs : row.pairs_above;
      add_transposed_product<R>(pairs + (j - offset.dx) * pair_step + block,
                                row.x[1 - offset.dy] + (j - offset.dx) * step, sums);
    });
    unrolled<4 * R>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
      const Index at = j * step + c * pack_size;
      Pack own;
      Pack rest;
      load(row.x[1] + at, own);
      load(right + at, rest);
      rest -= own;
      rest -= (1.0F / scale) * sums[c];
      finish(at, own, rest);
    });
  }
}

template <class Finish>
FASTPHOTO_INLINE void subtract_row(const NodeRow& row, const float* right, Index right_sides, const Finish& finish) {
  with_channel_count(right_sides,
                     [&](auto count) FASTPHOTO_INLINE_LAMBDA { subtract_packs<count>(row, right, finish); });
}

/// t = r - K x.
FASTPHOTO_MULTIVERSION void residual_row(const NodeRow& row, const float* right, Index right_sides, float* t) {
  subtract_row(row, right, right_sides,
               [&](Index at, const Pack&, const Pack& rest) FASTPHOTO_INLINE_LAMBDA { store(rest, t + at); });
}

/// y = x + factor (r - K x).
FASTPHOTO_MULTIVERSION void relax_row(const NodeRow& row, float factor, const float* right, Index right_sides,
                                      float* y) {
  subtract_row(row, right, right_sides, [&](Index at, const Pack& own, const Pack& rest) FASTPHOTO_INLINE_LAMBDA {
    store(own + factor * rest, y + at);
  });
}

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

/// Calls body(pass, row) for `count` passes from `first` on over the rows of a chunk, each pass a row behind the one
/// before and on margins that shrink to nothing with the last one.
template <class Body>
void sweep(Index begin, Index end, Index height, Index first, Index count, const Body& body) {
  const Index margin = count - 1;
  for (Index front = begin - margin; front < end + margin; ++front) {
    for (Index ahead = 0; ahead < count; ++ahead) {
      const Index row = front - ahead;
      const Index extra = margin - ahead;
      if (row >= std::max<Index>(0, begin - extra) && row < std::min(height, end + extra)) {
        body(first + ahead, row);
      }
    }
  }
}

// The rows of a level that passes in line read and write shall fit in half of a core's second cache; a level that does
// not fit in the third either is best swept once.
constexpr Index fewest_in_line = 3;
constexpr Index sweep_bytes = Index{1} << 19;
constexpr Index most_sweeps_bytes = Index{48} << 20;

/// Passes in line.
Index passes_per_sweep(const FoldedRows<std::int32_t>& pairs, const FoldedRows<float>& vector, Index passes) {
  const Index row_bytes = 4 * (pairs.row_step() + 3 * vector.row_step());
  return row_bytes * vector.height() > most_sweeps_bytes
             ? passes
             : std::min(passes, std::max<Index>(fewest_in_line, sweep_bytes / row_bytes));
}

// A chunk computes some rows of its neighbours again, one for every pass in line but one, so fewer chunks are better;
// two for each thread even out. Which chunk a row is computed in makes no difference to it.
Index rows_per_chunk_of(const Workers& workers, Index height) {
  const Index parts = workers.threads() == 1 ? 1 : 2 * workers.threads();
  return std::max<Index>(node_rows_per_chunk, (height + parts - 1) / parts);
}

/// The two vectors that the passes write to in turns: when a pass comes to a row, the pass before is a row ahead and no
/// longer reads what the one before that has left there.
class Turns {
 public:
  /// @param first  the level's row that row 0 of the vectors is.
  Turns(FoldedRows<float>& even, FoldedRows<float>& odd, Index first) : even_(even), odd_(odd), first_(first) {}

  float* row(Index pass, Index at) const { return (pass % 2 == 0 ? even_ : odd_).row(at - first_); }

 private:
  FoldedRows<float>& even_;
  FoldedRows<float>& odd_;
  Index first_;
};

/// A row with its outer packs.
float* whole_row(FoldedRows<float>& rows, Index y) { return rows.row(y) - rows.pack_step(); }

/// Passes in line over some rows: from `in` to `out` and in between in turns. Alone, they are in turns throughout.
struct Task {
  Turns turns;
  Index first_pass;
  Index last_pass;
  FoldedRows<float>* in;
  FoldedRows<float>* out;

  float* from(Index pass, Index row) const {
    return in != nullptr && pass == first_pass ? in->row(row) : turns.row(pass - 1, row);
  }
  float* to(Index pass, Index row) const {
    return out != nullptr && pass == last_pass ? out->row(row) : turns.row(pass, row);
  }
};

}  // namespace

/// What the passes of one task among several write to: its rows and their margins.
struct LevelSmoother::Room {
  explicit Room(const FoldedRows<float>& like) : even(0, like.width(), like.channels()), odd(even) {}

  void require_rows(Index rows) {
    if (odd.height() < rows) {  // assigned last
      even = FoldedRows<float>(rows, even.width(), even.channels());
      odd = even;
    }
  }

  /// For rows from `first` on; what lies outside the level is zero.
  Turns from(Index first, Index height) {
    for (const Index outside : {Index{-1}, height}) {
      if (outside >= first && outside < first + even.height()) {
        std::fill_n(whole_row(even, outside - first), even.row_step(), 0.0F);
        std::fill_n(whole_row(odd, outside - first), odd.row_step(), 0.0F);
      }
    }
    return {even, odd, first};
  }

  FoldedRows<float> even;
  FoldedRows<float> odd;
};

LevelSmoother::LevelSmoother(const LevelMatrix& matrix, std::vector<float> factors, Index right_sides)
    : matrix_(matrix),
      factors_(std::move(factors)),
      right_sides_(right_sides),
      r_(matrix.pairs().height(), matrix.pairs().width(), 4 * right_sides),
      x_(r_),
      other_(r_),
      rooms_([this] { return std::make_unique<Room>(r_); }) {}

LevelSmoother::~LevelSmoother() = default;

/// Calls body(pass, row, task) for all rows of all passes. Alone, a task writes to `even` and `odd` in turns, of which
/// one is x; among several, each reads x and writes to the other vector, which then is x.
template <class Body>
void LevelSmoother::for_each_row(Workers& workers, Index passes, FoldedRows<float>& even, FoldedRows<float>& odd,
                                 const Body& body) {
  const Index height = r_.height();
  const Index rows = rows_per_chunk_of(workers, height);
  const bool alone = rows >= height;
  // Among several, at most a fourth of the rows are computed twice.
  const Index most = alone ? passes : std::max<Index>(fewest_in_line, rows / 8);
  const Index at_once = std::min(most, passes_per_sweep(matrix_.pairs(), r_, passes));
  for (Index first = 0; first < passes; first += at_once) {
    const Index count = std::min(at_once, passes - first);
    const auto take = [&](const Task& task, Index begin, Index end) {
      sweep(begin, end, height, first, count, [&](Index pass, Index row) { body(pass, row, task); });
    };
    if (alone) {
      take({Turns(even, odd, 0), first, first + count - 1, nullptr, nullptr}, 0, height);
      continue;
    }
    workers.run(height, rows, [&](Index begin, Index end) {
      Pool<Room>::Loan room(rooms_);
      (*room).require_rows(rows + 2 * count);
      take({(*room).from(begin - count, height), first, first + count - 1, &x_, &other_}, begin, end);
    });
    std::swap(x_, other_);
  }
}

void LevelSmoother::before(Workers& workers, Field<float>& v) {
  const Index length = r_.length();
  workers.run(r_.height(), node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      fold_row(v, row, r_.row(row));
    }
  });
  const auto steps = static_cast<Index>(factors_.size());
  const Index outer = r_.pack_step();
  // The last step's turn is x's.
  FoldedRows<float>& even = steps % 2 == 0 ? other_ : x_;
  FoldedRows<float>& odd = steps % 2 == 0 ? x_ : other_;
  for_each_row(workers, steps + 1, even, odd, [&](Index pass, Index row, const Task& task) {
    if (pass == 0) {
      scale_row(factors_[0], r_.row(row) - outer, r_.row_step(), task.to(pass, row) - outer);
      return;
    }
    const auto x_row = [&](Index at) { return task.from(pass, at); };
    const NodeRow nodes = node_row(matrix_, row, x_row, pass == std::max<Index>(1, task.first_pass));
    if (pass < steps) {
      float* const to = task.to(pass, row);
      relax_row(nodes, factors_[static_cast<std::size_t>(pass)], r_.row(row), right_sides_, to);
      close_folded_row(to, length, r_.channels());
      return;
    }
    float* const rest = task.turns.row(pass, row);
    residual_row(nodes, r_.row(row), right_sides_, rest);
    unfold_row(rest, v, row);
    if (task.out != nullptr) {
      std::copy_n(nodes.x[1] - outer, r_.row_step(), task.out->row(row) - outer);
    }
  });
}

void LevelSmoother::after(Workers& workers, Field<float>& v) {
  const Index length = r_.length();
  workers.run(r_.height(), node_rows_per_chunk, [&](Index begin, Index end) {
    float* const correction = other_.row(begin);  // not in use between the steps before and those after
    for (Index row = begin; row < end; ++row) {
      fold_row(v, row, correction);
      add_row(correction - r_.pack_step(), r_.row_step(), whole_row(x_, row));
    }
  });
  const auto steps = static_cast<Index>(factors_.size());
  for_each_row(workers, steps, other_, x_, [&](Index pass, Index row, const Task& task) {
    const auto x_row = [&](Index at) { return task.from(pass, at); };
    float* const to = task.to(pass, row);
    relax_row(node_row(matrix_, row, x_row, pass == task.first_pass),
              factors_[static_cast<std::size_t>(steps - 1 - pass)], r_.row(row), right_sides_, to);
    if (pass + 1 < steps) {
      close_folded_row(to, length, r_.channels());
    } else {
      unfold_row(to, v, row);
    }
  });
}

}  // namespace fastphoto
