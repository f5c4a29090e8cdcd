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
  const std::int32_t* pairs;        // of this row
  const std::int32_t* pairs_above;  // of the row above
  Index pair_step;                  // from one channel of the pairs to the next, and
  Index row_step;
  const float* x[3];   // the rows above, of and below the nodes
  Index channel_step;  // of x, and of what is read and written beside it
  Index length;
  bool first_visit;  // the next row of pairs is not in the cache yet
};

/// `x_row(y)` points at row y of x, which may lie outside the level.
template <class RowOfX>
NodeRow node_row(const LevelMatrix& matrix, Index row, const RowOfX& x_row, Index channel_step, bool first_visit) {
  const FoldedRows<std::int32_t>& pairs = matrix.pairs();
  return {pairs.row(row),
          pairs.row(row - 1),
          pairs.channel_step(),
          pairs.row_step(),
          {x_row(row - 1), x_row(row), x_row(row + 1)},
          channel_step,
          pairs.length(),
          first_visit};
}

// What load_pairs makes of an entry of one.
constexpr float scale = 65536.0F * LevelMatrix::entries_per_one;

/// sums += scale K x for one block of a pack of nodes and R right sides.
template <Index R>
FASTPHOTO_INLINE void add_block(const std::int32_t* block, Index pair_step, const float* x, Index channel_step,
                                Pack (&sums)[4 * R]) {
  unrolled<2>([&](auto half) FASTPHOTO_INLINE_LAMBDA {
    Pack own[2 * R];  // of unknowns 2 half and 2 half + 1
    unrolled<2 * R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { load(x + (half * 2 * R + r) * channel_step, own[r]); });
    keep_loaded();
    unrolled<4>([&](auto a) FASTPHOTO_INLINE_LAMBDA {
      Pack first;
      Pack second;
      load_pairs(block + (2 * a + half) * pair_step, first, second);
      keep_loaded();
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[a * R + r] += first * own[r]; });
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[a * R + r] += second * own[R + r]; });
    });
  });
}

/// The same for its transpose.
template <Index R>
FASTPHOTO_INLINE void add_transposed_block(const std::int32_t* block, Index pair_step, const float* x,
                                           Index channel_step, Pack (&sums)[4 * R]) {
  unrolled<4>([&](auto b) FASTPHOTO_INLINE_LAMBDA {
    Pack own[R];
    unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { load(x + (b * R + r) * channel_step, own[r]); });
    keep_loaded();
    unrolled<2>([&](auto half) FASTPHOTO_INLINE_LAMBDA {
      Pack first;
      Pack second;
      load_pairs(block + (2 * b + half) * pair_step, first, second);
      keep_loaded();
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[2 * half * R + r] += first * own[r]; });
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[(2 * half + 1) * R + r] += second * own[r]; });
    });
  });
}

/// Calls finish(i, channel, x, r - K x) for all packs of one row.
template <Index R, class Finish>
FASTPHOTO_INLINE void subtract_packs(const NodeRow& row, const float* right, const Finish& finish) {
  constexpr Index channels = 4 * R;
  for (Index i = 0; i < row.length * pack_size; i += pack_size) {
    Pack sums[channels] = {};
    unrolled<CoarseLevel::blocks_per_node>([&](auto o) FASTPHOTO_INLINE_LAMBDA {
      constexpr NeighbourOffset offset = CoarseLevel::offsets[o];
      constexpr Index aside = offset.dx * pack_size;
      const Index block = LevelMatrix::pairs_per_block * o * row.pair_step + i;
      if (row.first_visit) {
        for (Index pair = 0; pair < LevelMatrix::pairs_per_block; ++pair) {
          prefetch(row.pairs + row.row_step + block + pair * row.pair_step);
        }
      }
      add_block<R>(row.pairs + block, row.pair_step, row.x[1 + offset.dy] + aside + i, row.channel_step, sums);
      add_transposed_block<R>((offset.dy == 0 ? row.pairs : row.pairs_above) + block - aside, row.pair_step,
                              row.x[1 - offset.dy] - aside + i, row.channel_step, sums);
    });
    unrolled<channels>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
      Pack own;
      Pack rest;
      load(row.x[1] + c * row.channel_step + i, own);
      load(right + c * row.channel_step + i, rest);
      rest -= own;
      rest -= (1.0F / scale) * sums[c];
      finish(i, c, own, rest);
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
  subtract_row(row, right, right_sides, [&](Index i, Index c, const Pack&, const Pack& rest) FASTPHOTO_INLINE_LAMBDA {
    store(rest, t + c * row.channel_step + i);
  });
}

/// y = x + factor (r - K x).
FASTPHOTO_MULTIVERSION void relax_row(const NodeRow& row, float factor, const float* right, Index right_sides,
                                      float* y) {
  subtract_row(row, right, right_sides,
               [&](Index i, Index c, const Pack& own, const Pack& rest)
                   FASTPHOTO_INLINE_LAMBDA { store(own + factor * rest, y + c * row.channel_step + i); });
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

/// Calls body(pass, row) for every pass over the rows of a chunk, pass `p` on margins that shrink to nothing with the
/// last one, each a row behind the pass before.
template <class Body>
void for_each_pass(Index begin, Index end, Index height, Index passes, const Body& body) {
  const Index margin = passes - 1;
  for (Index front = begin - margin; front < end + margin; ++front) {
    for (Index pass = 0; pass < passes; ++pass) {
      const Index row = front - pass;
      const Index extra = margin - pass;
      if (row >= std::max<Index>(0, begin - extra) && row < std::min(height, end + extra)) {
        body(pass, row);
      }
    }
  }
}

// A chunk computes some rows of its neighbours again, so fewer are better; two for each thread even out. Which chunk a
// row is computed in makes no difference to it.
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

// All channels of a row with their outer packs.
float* whole_row(float* row) { return row - pack_size; }
const float* whole_row(const float* row) { return row - pack_size; }

void clear_row(FoldedRows<float>& rows, Index row) { std::fill_n(whole_row(rows.row(row)), rows.row_step(), 0.0F); }

void close_row(const FoldedRows<float>& rows, float* row) {
  for (Index c = 0; c < rows.channels(); ++c) {
    close_folded_row(row + c * rows.channel_step(), rows.length());
  }
}

void fold(const Field<float>& from, Index row, const FoldedRows<float>& rows, float* to) {
  for (Index c = 0; c < rows.channels(); ++c) {
    fold_row(from.row(c, row), rows.length(), to + c * rows.channel_step());
  }
}

void unfold(const FoldedRows<float>& rows, const float* from, Field<float>& to, Index row) {
  for (Index c = 0; c < rows.channels(); ++c) {
    unfold_row(from + c * rows.channel_step(), rows.length(), to.row(c, row));
  }
}

}  // namespace

/// What the passes of one task among several write to: its rows and their margins.
struct LevelSmoother::Room {
  explicit Room(const FoldedRows<float>& like) : even(0, like.width(), like.channels()), odd(even) {}

  void require_rows(Index rows) {
    if (even.height() < rows) {
      even = FoldedRows<float>(rows, even.width(), even.channels());
      odd = even;
    }
  }

  /// For rows from `first` on; what lies outside the level is zero.
  Turns from(Index first, Index height) {
    for (const Index outside : {Index{-1}, height}) {
      if (outside >= first && outside < first + even.height()) {
        clear_row(even, outside - first);
        clear_row(odd, outside - first);
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

/// Calls body(pass, row, turns, alone) for all rows of all passes. Alone, the passes write to `even` and `odd` in
/// turns; else each task to room of its own.
template <class Body>
void LevelSmoother::for_each_row(Workers& workers, Index passes, FoldedRows<float>& even, FoldedRows<float>& odd,
                                 const Body& body) {
  const Index height = r_.height();
  const Index rows = rows_per_chunk_of(workers, height);
  workers.run(height, rows, [&](Index begin, Index end) {
    const auto pass_through = [&](const Turns& turns, bool alone) {
      for_each_pass(begin, end, height, passes, [&](Index pass, Index row) { body(pass, row, turns, alone); });
    };
    if (rows >= height) {
      pass_through(Turns(even, odd, 0), true);
    } else {
      Pool<Room>::Loan room(rooms_);
      (*room).require_rows(rows + 2 * passes);
      pass_through((*room).from(begin - passes, height), false);
    }
  });
}

void LevelSmoother::before(Workers& workers, Field<float>& v) {
  workers.run(r_.height(), node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      fold(v, row, r_, r_.row(row));
    }
  });
  const auto steps = static_cast<Index>(factors_.size());
  // The last step's turn is x's.
  FoldedRows<float>& even = steps % 2 == 0 ? other_ : x_;
  FoldedRows<float>& odd = steps % 2 == 0 ? x_ : other_;
  for_each_row(workers, steps + 1, even, odd, [&](Index pass, Index row, const Turns& turns, bool alone) {
    float* const to = turns.row(pass, row);
    if (pass == 0) {
      scale_row(factors_[0], whole_row(r_.row(row)), r_.row_step(), whole_row(to));
      return;
    }
    const auto x_row = [&](Index at) { return turns.row(pass - 1, at); };
    const NodeRow nodes = node_row(matrix_, row, x_row, r_.channel_step(), pass == 1);
    if (pass < steps) {
      relax_row(nodes, factors_[static_cast<std::size_t>(pass)], r_.row(row), right_sides_, to);
      close_row(r_, to);
      return;
    }
    residual_row(nodes, r_.row(row), right_sides_, to);
    unfold(r_, to, v, row);
    if (!alone) {
      std::copy_n(whole_row(nodes.x[1]), r_.row_step(), whole_row(x_.row(row)));
    }
  });
}

void LevelSmoother::after(Workers& workers, Field<float>& v) {
  workers.run(r_.height(), node_rows_per_chunk, [&](Index begin, Index end) {
    FoldedRows<float> correction(1, r_.width(), r_.channels());
    for (Index row = begin; row < end; ++row) {
      fold(v, row, correction, correction.row(0));
      add_row(whole_row(correction.row(0)), r_.row_step(), whole_row(x_.row(row)));
    }
  });
  const auto steps = static_cast<Index>(factors_.size());
  for_each_row(workers, steps, other_, x_, [&](Index pass, Index row, const Turns& turns, bool) {
    const auto x_row = [&](Index at) -> const float* { return pass == 0 ? x_.row(at) : turns.row(pass - 1, at); };
    float* const to = turns.row(pass, row);
    relax_row(node_row(matrix_, row, x_row, r_.channel_step(), pass == 0),
              factors_[static_cast<std::size_t>(steps - 1 - pass)], r_.row(row), right_sides_, to);
    if (pass + 1 < steps) {
      close_row(r_, to);
    } else {
      unfold(r_, to, v, row);
    }
  });
}

}  // namespace fastphoto
