// SPDX-License-Identifier: Apache-2.0
#include "level_smoother.h"

#include <algorithm>
#include <utility>

#include "channel_count.h"
#include "multiversion.h"
#include "pack.h"

namespace fastphoto {

namespace {

/// Pointers for one row of nodes: to the first channel or plane of a row, at its first node.
struct NodeRow {
  const float* blocks;        // of this row
  const float* blocks_above;  // of the row above
  Index plane_step;           // of the blocks, and
  Index row_step;
  const float* x[3];   // the rows above, of and below the nodes
  Index channel_step;  // of x, and of what is read and written beside it
  Index width;
  bool first_visit;  // the next row of blocks is not in the cache yet
};

/// `x_row(y)` points at the first channel of row y of x, which may lie outside the level.
template <class RowOfX>
NodeRow node_row(const CoarseLevel& level, Index row, const RowOfX& x_row, Index channel_step, bool first_visit) {
  const Field<float>& blocks = level.blocks();
  return {blocks.row(0, row),
          blocks.row(0, row - 1),
          blocks.channel_step(),
          blocks.row_step(),
          {x_row(row - 1), x_row(row), x_row(row + 1)},
          channel_step,
          blocks.grid().width,
          first_visit};
}

/// sums -= K x for one block, or its transpose, of a pack of nodes and R right sides.
template <Index R, bool transposed>
FASTPHOTO_INLINE void subtract_block(const float* block, Index plane_step, const float* x, Index channel_step,
                                     Pack (&sums)[4 * R]) {
  unrolled<4>([&](auto b) FASTPHOTO_INLINE_LAMBDA {
    Pack own[R];
    unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { load(x + (b * R + r) * channel_step, own[r]); });
    keep_loaded();
    unrolled<4>([&](auto a) FASTPHOTO_INLINE_LAMBDA {
      Pack entries;
      load(block + (transposed ? 4 * b + a : 4 * a + b) * plane_step, entries);
      keep_loaded();
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[a * R + r] -= entries * own[r]; });
    });
  });
}

/// Calls finish(i, channel, x, r - K x) for all packs of one row.
template <Index R, class Finish>
FASTPHOTO_INLINE void subtract_packs(const NodeRow& row, const float* right, const Finish& finish) {
  constexpr Index channels = 4 * R;
  for (Index i = 0; i < row.width; i += pack_size) {
    Pack sums[channels];
    unrolled<channels>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
      Pack own;
      load(row.x[1] + c * row.channel_step + i, own);
      load(right + c * row.channel_step + i, sums[c]);
      sums[c] -= own;
    });
    unrolled<CoarseLevel::blocks_per_node>([&](auto o) FASTPHOTO_INLINE_LAMBDA {
      constexpr NeighbourOffset offset = CoarseLevel::offsets[o];
      const Index planes = 16 * o * row.plane_step;
      if (row.first_visit) {
        for (Index entry = 0; entry < 16; ++entry) {
          prefetch(row.blocks + row.row_step + planes + entry * row.plane_step + i);
        }
      }
      subtract_block<R, false>(row.blocks + planes + i, row.plane_step, row.x[1 + offset.dy] + offset.dx + i,
                               row.channel_step, sums);
      subtract_block<R, true>((offset.dy == 0 ? row.blocks : row.blocks_above) + planes - offset.dx + i, row.plane_step,
                              row.x[1 - offset.dy] - offset.dx + i, row.channel_step, sums);
    });
    unrolled<channels>([&](auto c) FASTPHOTO_INLINE_LAMBDA { finish(i, c, sums[c]); });
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
               [&](Index i, Index c, const Pack& sum) { store(sum, t + c * row.channel_step + i); });
}

/// y = x + factor (r - K x).
FASTPHOTO_MULTIVERSION void relax_row(const NodeRow& row, float factor, const float* right, Index right_sides,
                                      float* y) {
  subtract_row(row, right, right_sides, [&](Index i, Index c, const Pack& sum) {
    Pack own;
    load(row.x[1] + c * row.channel_step + i, own);
    store(own + factor * sum, y + c * row.channel_step + i);
  });
}

FASTPHOTO_MULTIVERSION void scale_row(float factor, const float* from, Index count, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < count; ++i) {
    to[i] = factor * from[i];
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
  Turns(Field<float>& even, Field<float>& odd, Index first) : even_(even), odd_(odd), first_(first) {}

  float* row(Index pass, Index at) const { return (pass % 2 == 0 ? even_ : odd_).row(0, at - first_); }

 private:
  Field<float>& even_;
  Field<float>& odd_;
  Index first_;
};

void clear_row(Field<float>& field, Index row) {
  for (Index c = 0; c < field.channels(); ++c) {
    std::fill_n(field.row(c, row), field.grid().width, 0.0F);
  }
}

}  // namespace

/// What the passes of one task among several write to: its rows and their margins.
struct LevelSmoother::Room {
  Room(Index width, Index channels) : even(Grid{0, width, 1}, channels), odd(even) {}

  void require_rows(Index rows) {
    if (even.grid().height < rows) {
      even = Field<float>(Grid{rows, even.grid().width, 1}, even.channels());
      odd = even;
    }
  }

  /// For rows from `first` on; what lies outside the level is zero.
  Turns from(Index first, Index height) {
    for (const Index outside : {Index{-1}, height}) {
      if (outside >= first && outside < first + even.grid().height) {
        clear_row(even, outside - first);
        clear_row(odd, outside - first);
      }
    }
    return {even, odd, first};
  }

  Field<float> even;
  Field<float> odd;
};

LevelSmoother::LevelSmoother(const CoarseLevel& level, std::vector<float> factors, Index right_sides)
    : level_(level),
      factors_(std::move(factors)),
      right_sides_(right_sides),
      rooms_([this] { return std::make_unique<Room>(level_.grid().width, 4 * right_sides_); }) {}

LevelSmoother::~LevelSmoother() = default;

/// Calls body(pass, row, turns, alone) for all rows of all passes. Alone, the passes write to `even` and `odd` in
/// turns; else each task to room of its own. Returns whether alone.
template <class Body>
bool LevelSmoother::for_each_row(Workers& workers, Index passes, Field<float>& even, Field<float>& odd,
                                 const Body& body) {
  const Index height = level_.grid().height;
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
  return rows >= height;
}

void LevelSmoother::from_zero(Workers& workers, const Field<float>& r, Field<float>& y, Field<float>& t) {
  const auto steps = static_cast<Index>(factors_.size());
  const Index step = r.channel_step();
  // The last step's turn is y's, the residual's is t's.
  Field<float>& even = steps % 2 == 0 ? t : y;
  Field<float>& odd = steps % 2 == 0 ? y : t;
  for_each_row(workers, steps + 1, even, odd, [&](Index pass, Index row, const Turns& turns, bool alone) {
    if (pass == 0) {
      for (Index c = 0; c < r.channels(); ++c) {
        scale_row(factors_[0], r.row(c, row), r.grid().width, turns.row(0, row) + c * step);
      }
      return;
    }
    const auto before = [&](Index at) { return turns.row(pass - 1, at); };
    const NodeRow nodes = node_row(level_, row, before, step, pass == 1);
    if (pass < steps) {
      relax_row(nodes, factors_[static_cast<std::size_t>(pass)], r.row(0, row), right_sides_, turns.row(pass, row));
      return;
    }
    residual_row(nodes, r.row(0, row), right_sides_, t.row(0, row));
    for (Index c = 0; !alone && c < r.channels(); ++c) {
      std::copy_n(nodes.x[1] + c * step, r.grid().width, y.row(c, row));
    }
  });
}

void LevelSmoother::backwards(Workers& workers, const Field<float>& r, Field<float>& x, Field<float>& y) {
  const auto steps = static_cast<Index>(factors_.size());
  const bool alone = for_each_row(workers, steps, y, x, [&](Index pass, Index row, const Turns& turns, bool whole) {
    const auto before = [&](Index at) -> const float* { return pass == 0 ? x.row(0, at) : turns.row(pass - 1, at); };
    const bool last = pass + 1 == steps;
    relax_row(node_row(level_, row, before, r.channel_step(), pass == 0),
              factors_[static_cast<std::size_t>(steps - 1 - pass)], r.row(0, row), right_sides_,
              last && !whole ? y.row(0, row) : turns.row(pass, row));
  });
  if (alone && steps % 2 == 0) {  // the last turn was x's
    std::swap(x, y);
  }
}

}  // namespace fastphoto
