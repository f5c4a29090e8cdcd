// SPDX-License-Identifier: Apache-2.0
//
// The kernels of symmetric Gauss-Seidel: products of parts of a row of K, and what is done with them.
#include "multigrid/smoother/gauss_seidel_rows.h"

#include <cstring>

#include "base/dispatch_channels.h"
#include "base/multiversion.h"
#include "base/pack.h"
#include "multigrid/folded_rows.h"
#include "multigrid/smoother/level_matrix.h"

namespace fastphoto {

namespace {

/// Every second pack of a row, from `first` on.
struct Packs {
  Index first;
  Index end;
};

Packs odd_packs(const NodeRow& row) { return {1, row.length}; }
Packs even_packs(const NodeRow& row) { return {0, row.length}; }

// Behind the last pack of a segment of odd length lies pack 0 of the next segment, and both are even. So the last pack
// comes after the even packs and before the odd ones: in the order, the pack behind it in the row comes before it.
Packs last_pack(const NodeRow& row) { return {row.length - row.length % 2, row.length}; }
Packs even_packs_but_last(const NodeRow& row) { return {0, row.length - row.length % 2}; }

/// What a product with part of K reads.
enum class Part {
  Beside,  // the rows above and below
  Within,  // the packs before and behind
  Both,
};

constexpr Index pairs_per_pack = LevelMatrix::pairs_per_block * CoarseLevel::blocks_per_node * pack_size;

// What load_pairs makes of an entry of one.
constexpr float scale = 65536.0F * LevelMatrix::entries_per_one;

/// sums += scale B x for one block of some nodes of a pack and R right sides.
template <Index lanes, Index R>
FASTPHOTO_INLINE void add_product(const std::int32_t* block, const float* x, PackOf<float, lanes> (&sums)[4 * R]) {
  unrolled<2>([&](auto half) FASTPHOTO_INLINE_LAMBDA {
    PackOf<float, lanes> own[2 * R];  // of unknowns 2 half and 2 half + 1
    unrolled<2 * R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { load(x + (half * 2 * R + r) * pack_size, own[r]); });
    keep_loaded();
    unrolled<4>([&](auto a) FASTPHOTO_INLINE_LAMBDA {
      PackOf<float, lanes> first;
      PackOf<float, lanes> second;
      load_pairs<lanes>(block + (2 * a + half) * pack_size, first, second);
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[a * R + r] += first * own[r]; });
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[a * R + r] += second * own[R + r]; });
    });
  });
}

/// The same for its transpose.
template <Index lanes, Index R>
FASTPHOTO_INLINE void add_transposed_product(const std::int32_t* block, const float* x,
                                             PackOf<float, lanes> (&sums)[4 * R]) {
  unrolled<4>([&](auto b) FASTPHOTO_INLINE_LAMBDA {
    PackOf<float, lanes> own[R];
    unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { load(x + (b * R + r) * pack_size, own[r]); });
    keep_loaded();
    unrolled<2>([&](auto half) FASTPHOTO_INLINE_LAMBDA {
      PackOf<float, lanes> first;
      PackOf<float, lanes> second;
      load_pairs<lanes>(block + (2 * b + half) * pack_size, first, second);
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[2 * half * R + r] += first * own[r]; });
      unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { sums[(2 * half + 1) * R + r] += second * own[r]; });
    });
  });
}

FASTPHOTO_INLINE void prefetch_block(const std::int32_t* block) {
  unrolled<LevelMatrix::pairs_per_block>(
      [&](auto pair) FASTPHOTO_INLINE_LAMBDA { prefetch<first_cache>(block + pair * pack_size); });
}

/// A block of the stencil at pack 0 of a row, and the same offset's transposed block: where both lie, and the packs of
/// x that they are multiplied with.
struct Tie {
  const std::int32_t* pairs;
  const float* x;
  const std::int32_t* transposed_pairs;
  const float* transposed_x;
};

/// What all sums of a pack of nodes take.
constexpr Index most_sums = 4 * most_channels * pack_size;

/// sums = scale times the product of the blocks at pack j, and of their transposes, with x. Apart from what is done
/// with it, so that this long part is compiled once; and in parts of as many nodes as a register has lanes, so that the
/// sums stay in registers.
template <Index lanes>
FASTPHOTO_INLINE void multiply_ties(const Tie* ties, Index count, Index j, Index right_sides, float* sums) {
  with_channel_count(right_sides, [&](auto R) FASTPHOTO_INLINE_LAMBDA {
    constexpr Index step = 4 * R * pack_size;
    for (Index lane = 0; lane < pack_size; lane += lanes) {
      PackOf<float, lanes> part[4 * R] = {};
      const Tie* tie = ties;
      do {  // not unrolled, for the sake of the cache of instructions
        const std::int32_t* const block = tie->pairs + j * pairs_per_pack;
        const std::int32_t* const transposed = tie->transposed_pairs + j * pairs_per_pack;
        if (lane == 0) {
          prefetch_block(block + 2 * pairs_per_pack);
          prefetch_block(transposed + 2 * pairs_per_pack);
        }
        add_product<lanes, R>(block + lane, tie->x + j * step + lane, part);
        add_transposed_product<lanes, R>(transposed + lane, tie->transposed_x + j * step + lane, part);
      } while (++tie != ties + count);
      unrolled<4 * R>([&](auto c) FASTPHOTO_INLINE_LAMBDA { store(part[c], sums + c * pack_size + lane); });
    }
  });
}

/// The same for one block.
template <Index lanes>
FASTPHOTO_INLINE void multiply_block(const std::int32_t* block, const float* x, Index right_sides, float* sums) {
  with_channel_count(right_sides, [&](auto R) FASTPHOTO_INLINE_LAMBDA {
    for (Index lane = 0; lane < pack_size; lane += lanes) {
      PackOf<float, lanes> part[4 * R] = {};
      add_product<lanes, R>(block + lane, x + lane, part);
      unrolled<4 * R>([&](auto c) FASTPHOTO_INLINE_LAMBDA { store(part[c], sums + c * pack_size + lane); });
    }
  });
}

FASTPHOTO_BY_LANES(void multiply_pack, (const Tie* ties, Index count, Index j, Index right_sides, float* sums),
                   multiply_ties, (ties, count, j, right_sides, sums))
FASTPHOTO_BY_LANES(void multiply_pack, (const std::int32_t* block, const float* x, Index right_sides, float* sums),
                   multiply_block, (block, x, right_sides, sums))

/// Calls finish(at, product) for all unknowns of pack j.
template <class Finish>
FASTPHOTO_INLINE void finish_pack(const float* sums, Index j, Index right_sides, const Finish& finish) {
  for (Index c = 0; c < 4 * right_sides; ++c) {
    Pack sum;
    load(sums + c * pack_size, sum);
    finish((j * 4 * right_sides + c) * pack_size, (1.0F / scale) * sum);
  }
}

/// Calls finish(at, product) for all unknowns of some packs: a part of K times x, whose row is `own`.
template <Part part, class Finish>
FASTPHOTO_INLINE void multiply_packs(const NodeRow& row, Packs packs, const RowsBeside& beside, const float* own,
                                     const Finish& finish) {
  const Index step = 4 * row.right_sides * pack_size;
  Tie ties[CoarseLevel::blocks_per_node];
  Index count = 0;
  for (Index k = 0; k < CoarseLevel::blocks_per_node; ++k) {
    const Index o = (k + 1) % CoarseLevel::blocks_per_node;  // within the row last: what is there may just be written
    const NeighbourOffset offset = CoarseLevel::offsets[o];
    const bool within = offset.dy == 0;
    if (part == Part::Both || (part == Part::Within) == within) {
      const Index block = o * LevelMatrix::pairs_per_block * pack_size;
      ties[count++] = {row.pairs + block, (within ? own : beside.below) + offset.dx * step,
                       (within ? row.pairs : row.pairs_above) - offset.dx * pairs_per_pack + block,
                       (within ? own : beside.above) - offset.dx * step};
    }
  }
  alignas(cache_line) float sums[most_sums];
  for (Index j = packs.first; j < packs.end; j += 2) {
    multiply_pack(ties, count, j, row.right_sides, sums);
    finish_pack(sums, j, row.right_sides, finish);
  }
}

/// The same for the last pack of a segment of odd length and its tie to the pack behind it. Closes x behind.
template <class Finish>
FASTPHOTO_INLINE void multiply_seam(const NodeRow& row, float* x, const Finish& finish) {
  const Index unknowns = 4 * row.right_sides;
  alignas(cache_line) float sums[most_sums];
  close_behind(x, row.length, unknowns);
  for (Index j = last_pack(row).first; j < row.length; ++j) {
    multiply_pack(row.pairs + j * pairs_per_pack, x + (j + 1) * unknowns * pack_size, row.right_sides, sums);
    finish_pack(sums, j, row.right_sides, finish);
  }
}

/// Even packs, the last one first, whose ties lead to nodes behind them in the order; finish finds x.
template <Part part, class Finish>
FASTPHOTO_INLINE void multiply_even_backwards(const NodeRow& row, const RowsBeside& beside, float* x,
                                              const Finish& finish) {
  clear_behind(x, row.length, 4 * row.right_sides);
  for (const Packs packs : {last_pack(row), even_packs_but_last(row)}) {
    multiply_packs<part>(row, packs, beside, x, finish);
    close_before(x, row.length, 4 * row.right_sides);
  }
}

/// to = from - product.
FASTPHOTO_INLINE auto subtract_from(const float* from, float* to) {
  return [from, to](Index i, const Pack& product) FASTPHOTO_INLINE_LAMBDA {
    Pack own;
    load(from + i, own);
    store(own - product, to + i);
  };
}

/// to += product.
FASTPHOTO_INLINE auto add_to(float* to) {
  return [to](Index i, const Pack& product) FASTPHOTO_INLINE_LAMBDA {
    Pack own;
    load(to + i, own);
    store(own + product, to + i);
  };
}

/// y += factor (s - w - v), where w + v is y less the product.
FASTPHOTO_INLINE auto relax(float factor, const float* s, float* y) {
  return [factor, s, y](Index i, const Pack& product) FASTPHOTO_INLINE_LAMBDA {
    Pack own;
    Pack right;
    load(y + i, own);
    load(s + i, right);
    store(own + factor * (right - own + product), y + i);
  };
}

/// The same, leaving v.
FASTPHOTO_INLINE auto solve_and_relax(float factor, const float* s, const float* w, float* y, float* v) {
  return [factor, s, w, y, v](Index i, const Pack& product) FASTPHOTO_INLINE_LAMBDA {
    Pack own;
    Pack solved;
    load(y + i, own);
    load(w + i, solved);
    store(own - solved - product, v + i);
    relax(factor, s, y)(i, product);
  };
}

/// v -= product and, since w + v has become less by it, y += factor product.
FASTPHOTO_INLINE auto correct(float factor, float* y, float* v) {
  return [factor, y, v](Index i, const Pack& product) FASTPHOTO_INLINE_LAMBDA {
    Pack own;
    load(v + i, own);
    store(own - product, v + i);
    load(y + i, own);
    store(own + factor * product, y + i);
  };
}

}  // namespace

FASTPHOTO_MULTIVERSION void solve_lower_even(const NodeRow& row, float* s) {
  multiply_seam(row, s, subtract_from(s, s));
  multiply_packs<Part::Within>(row, odd_packs(row), {}, s, subtract_from(s, s));
  close_before(s, row.length, 4 * row.right_sides);
}

FASTPHOTO_MULTIVERSION void solve_lower_odd(const NodeRow& row, const RowsBeside& s_beside, float* s) {
  multiply_packs<Part::Beside>(row, even_packs(row), s_beside, nullptr, subtract_from(s, s));
  multiply_seam(row, s, subtract_from(s, s));
  multiply_packs<Part::Both>(row, odd_packs(row), s_beside, s, subtract_from(s, s));
}

FASTPHOTO_MULTIVERSION void multiply_upper_even(const NodeRow& row, const RowsBeside& x_beside, float* y) {
  clear_behind(y, row.length, 4 * row.right_sides);
  multiply_packs<Part::Both>(row, even_packs(row), x_beside, y, add_to(y));
  multiply_packs<Part::Beside>(row, odd_packs(row), x_beside, nullptr, add_to(y));
}

FASTPHOTO_MULTIVERSION void multiply_upper_odd(const NodeRow& row, float* y) {
  clear_behind(y, row.length, 4 * row.right_sides);
  multiply_packs<Part::Within>(row, even_packs(row), {}, y, add_to(y));
}

FASTPHOTO_MULTIVERSION void solve_upper_even(const NodeRow& row, const RowsBeside& w_beside, const float* y, float* w) {
  multiply_packs<Part::Beside>(row, odd_packs(row), w_beside, nullptr, subtract_from(y, w));
  multiply_even_backwards<Part::Both>(row, w_beside, w, subtract_from(y, w));
}

FASTPHOTO_MULTIVERSION void solve_upper_odd(const NodeRow& row, const float* y, float* w) {
  const Index step = 4 * row.right_sides * pack_size;
  for (Index j = odd_packs(row).first; j < row.length; j += 2) {
    std::memcpy(w + j * step, y + j * step, static_cast<std::size_t>(step) * sizeof(float));
  }
  multiply_even_backwards<Part::Within>(row, {}, w, subtract_from(y, w));
  close_behind(w, row.length, 4 * row.right_sides);
}

FASTPHOTO_MULTIVERSION void step_even(const NodeRow& row, const RowsBeside& w_beside, float factor,
                                      const StepRow& vectors) {
  const float* const s = vectors.s;
  float* const y = vectors.y;
  float* const w = vectors.w;
  float* const v = vectors.v;
  multiply_packs<Part::Beside>(row, odd_packs(row), w_beside, nullptr, subtract_from(y, w));
  multiply_even_backwards<Part::Both>(row, w_beside, w, [&](Index i, const Pack& product) FASTPHOTO_INLINE_LAMBDA {
    Pack own;
    Pack right;
    load(y + i, own);
    load(s + i, right);
    store(own - product, w + i);
    store(product, v + i);
    store(own + factor * (right - own), y + i);  // w + v is y
  });
  multiply_seam(row, v, correct(factor, y, v));
  multiply_packs<Part::Within>(row, odd_packs(row), {}, v, solve_and_relax(factor, s, w, y, v));
  close_before(v, row.length, 4 * row.right_sides);
}

FASTPHOTO_MULTIVERSION void step_odd(const NodeRow& row, const RowsBeside& v_beside, float factor,
                                     const StepRow& vectors) {
  const float* const s = vectors.s;
  float* const y = vectors.y;
  const float* const w = vectors.w;
  float* const v = vectors.v;
  multiply_packs<Part::Beside>(row, even_packs(row), v_beside, nullptr, solve_and_relax(factor, s, w, y, v));
  multiply_seam(row, v, correct(factor, y, v));
  multiply_packs<Part::Both>(row, odd_packs(row), v_beside, v, relax(factor, s, y));
}

FASTPHOTO_MULTIVERSION void finish_even(const NodeRow& row, const RowsBeside& w_beside, const FinishRow& vectors) {
  const float* const s = vectors.s;
  float* const x = vectors.y;
  float* const q = vectors.q;
  float* const t = vectors.rest;
  const auto solve = [&](Index i, const Pack& product) FASTPHOTO_INLINE_LAMBDA {
    Pack own;
    Pack right;
    load(x + i, own);
    load(s + i, right);
    right -= own;
    store(right, t + i);
    store(right + product, q + i);
    store(own - product, x + i);
  };
  multiply_packs<Part::Beside>(row, odd_packs(row), w_beside, nullptr, solve);
  multiply_even_backwards<Part::Both>(row, w_beside, x, solve);
  multiply_seam(row, q, add_to(t));
  multiply_packs<Part::Within>(row, odd_packs(row), {}, q, add_to(t));
  close_before(q, row.length, 4 * row.right_sides);
}

FASTPHOTO_MULTIVERSION void finish_odd(const NodeRow& row, const RowsBeside& q_beside, const FinishRow& vectors) {
  const float* const s = vectors.s;
  const float* const w = vectors.w;
  float* const x = vectors.y;
  float* const q = vectors.q;
  float* const t = vectors.rest;
  const auto finish = [&](Index i, const Pack& product) FASTPHOTO_INLINE_LAMBDA {
    Pack own;
    Pack right;
    Pack solved;
    load(x + i, own);
    load(s + i, right);
    load(w + i, solved);
    store(right - own + product, t + i);
    store(right - solved, q + i);
    store(solved, x + i);
  };
  multiply_packs<Part::Beside>(row, even_packs(row), q_beside, nullptr, finish);
  multiply_seam(row, q, add_to(t));
  multiply_packs<Part::Both>(row, odd_packs(row), q_beside, q, finish);
}

}  // namespace fastphoto
