// SPDX-License-Identifier: Apache-2.0
//
// Sums and averages affine functions of colour between the nodes of two levels.
#include "multigrid/level_transfer.h"

#include <algorithm>

#include "multigrid/affine_rows.h"

namespace fastphoto {

namespace {

// Affine functions of colour are summed first along columns, then along rows. A function is held as (b, a) with respect
// to a mean colour, which may be a neighbour's: b + a . (I - mean). Functions move from one mean to another by the
// difference of the means, so a keeps its precision where colours hardly vary.

constexpr Index colors = 3;
constexpr Index numbers = 4;  // b and a

/// Colours of some nodes, or their difference from others.
template <Index lanes>
FASTPHOTO_INLINE void load_means(const Planes<const float>& means, Index i, PackOf<float, lanes> (&packs)[colors]) {
  unrolled<colors>([&](auto c) FASTPHOTO_INLINE_LAMBDA { load(means[c] + i, packs[c]); });
}

template <Index lanes>
FASTPHOTO_INLINE void load_difference(const Planes<const float>& means, const Planes<const float>& reference, Index i,
                                      PackOf<float, lanes> (&packs)[colors]) {
  PackOf<float, lanes> others[colors];
  load_means<lanes>(means, i, packs);
  load_means<lanes>(reference, i, others);
  unrolled<colors>([&](auto c) FASTPHOTO_INLINE_LAMBDA { packs[c] -= others[c]; });
}

/// b += a . shift: the same function with respect to a mean that is `shift` farther.
template <Index lanes, Index R>
FASTPHOTO_INLINE void move_function(const PackOf<float, lanes> (&shift)[colors], AffinePacks<lanes, R>& function) {
  unrolled<colors>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
    unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { function[r] += shift[c] * function[(1 + c) * R + r]; });
  });
}

/// a += b shift: the transpose.
template <Index lanes, Index R>
FASTPHOTO_INLINE void move_moments(const PackOf<float, lanes> (&shift)[colors], AffinePacks<lanes, R>& moments) {
  unrolled<colors>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
    unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { moments[(1 + c) * R + r] += shift[c] * moments[r]; });
  });
}

/// Nodes of a row, and the right sides of each.
struct RowSize {
  Index nodes;
  Index right_sides;
};

/// A row of nodes, and the means that functions there are held with respect to.
struct RowFrame {
  Planes<const float> from_affine;
  Planes<const float> means;
  Planes<const float> reference;
};

/// moments += weight M^T u, moved to the reference.
template <Index lanes>
FASTPHOTO_INLINE void add_moments_in_lanes(const RowFrame& row, float weight, const Planes<const float>& u,
                                           RowSize size, const Planes<float>& moments) {
  with_channel_count(size.right_sides, [&](auto sides) FASTPHOTO_INLINE_LAMBDA {
    const Index end = padded_to_packs(size.nodes);
    for (Index i = 0; i < end; i += lanes) {
      AffinePacks<lanes, sides> packs;
      PackOf<float, lanes> shift[colors];
      load<lanes, sides>(u, i, packs);
      multiply_transposed_packs<lanes, sides>(row.from_affine, i, packs);
      load_difference<lanes>(row.means, row.reference, i, shift);
      move_moments<lanes, sides>(shift, packs);
      unrolled<numbers * sides>([&](auto plane) FASTPHOTO_INLINE_LAMBDA {
        float* const to = moments[plane] + i;
        PackOf<float, lanes> sum;
        load(to, sum);
        store(sum + weight * packs[plane], to);
      });
    }
  });
}

FASTPHOTO_BY_LANES(void add_moments,
                   (const RowFrame& row, float weight, const Planes<const float>& u, RowSize size,
                    const Planes<float>& moments),
                   add_moments_in_lanes, (row, weight, u, size, moments))

/// The samples at even positions of a row, and those at odd ones.
FASTPHOTO_MULTIVERSION void split(const float* from, Index count, float* FASTPHOTO_RESTRICT even,
                                  float* FASTPHOTO_RESTRICT odd) {
  for (Index i = 0; i < count / 2; ++i) {
    even[i] = from[2 * i];
    odd[i] = from[2 * i + 1];
  }
  if (count % 2 != 0) {
    even[count / 2] = from[count - 1];
  }
}

/// The reverse; one sample more than `count` if that is odd.
FASTPHOTO_MULTIVERSION void join(const float* even, const float* odd, Index count, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < (count + 1) / 2; ++i) {
    to[2 * i] = even[i];
    to[2 * i + 1] = odd[i];
  }
}

/// Moments at even and odd positions, and the means they are taken about, behind them.
struct SplitMoments {
  Planes<const float> even;
  Planes<const float> odd;  // from the position before the first
};

/// out = M^T (the moments at node 2 k, half of those at its neighbours), about the means of the coarser nodes k.
template <Index lanes>
FASTPHOTO_INLINE void gather_in_lanes(const SplitMoments& from, const Planes<const float>& means,
                                      const Planes<const float>& to_affine, RowSize size, const Planes<float>& out) {
  with_channel_count(size.right_sides, [&](auto sides) FASTPHOTO_INLINE_LAMBDA {
    constexpr Index planes = numbers * sides;
    const Index end = padded_to_packs(size.nodes);
    for (Index i = 0; i < end; i += lanes) {
      AffinePacks<lanes, sides> sums = {};
      const auto add = [&](const Planes<const float>& rows, Index at, float weight) FASTPHOTO_INLINE_LAMBDA {
        AffinePacks<lanes, sides> packs;
        PackOf<float, lanes> shift[colors];
        PackOf<float, lanes> own[colors];
        load<lanes, sides>(rows, at, packs);
        load_means<lanes>(rows.behind(planes), at, shift);
        load_means<lanes>(means, i, own);
        unrolled<colors>([&](auto c) FASTPHOTO_INLINE_LAMBDA { shift[c] -= own[c]; });
        move_moments<lanes, sides>(shift, packs);
        unrolled<planes>([&](auto plane) FASTPHOTO_INLINE_LAMBDA { sums[plane] += weight * packs[plane]; });
      };
      add(from.even, i, 1.0F);
      add(from.odd, i, 0.5F);
      add(from.odd, i + 1, 0.5F);
      multiply_transposed_packs<lanes, sides>(to_affine, i, sums);
      store<lanes, sides>(sums, i, out);
    }
  });
}

FASTPHOTO_BY_LANES(void gather,
                   (const SplitMoments& from, const Planes<const float>& means, const Planes<const float>& to_affine,
                    RowSize size, const Planes<float>& out),
                   gather_in_lanes, (from, means, to_affine, size, out))

/// Affine functions, and the means that they are held with respect to.
struct Functions {
  Planes<const float> numbers;
  Planes<const float> means;
};

/// out = the mean of two functions, with respect to the means of the first.
template <Index lanes>
FASTPHOTO_INLINE void average_in_lanes(const Functions& first, const Functions& second, RowSize size,
                                       const Planes<float>& out) {
  map_packs<lanes>(
      size.nodes, size.right_sides, first.numbers, out, [&](auto sides, Index i, auto& one) FASTPHOTO_INLINE_LAMBDA {
        AffinePacks<lanes, sides> other;
        PackOf<float, lanes> shift[colors];
        load<lanes, sides>(second.numbers, i, other);
        load_difference<lanes>(first.means, second.means, i, shift);
        move_function<lanes, sides>(shift, other);
        unrolled<numbers * sides>([&](auto plane)
                                      FASTPHOTO_INLINE_LAMBDA { one[plane] = 0.5F * (one[plane] + other[plane]); });
      });
}

FASTPHOTO_BY_LANES(void average,
                   (const Functions& first, const Functions& second, RowSize size, const Planes<float>& out),
                   average_in_lanes, (first, second, size, out))

/// u = M (the functions with respect to their nodes' means).
template <Index lanes>
FASTPHOTO_INLINE void take_up_in_lanes(const Planes<const float>& functions, const RowFrame& row, RowSize size,
                                       const Planes<float>& u) {
  map_packs<lanes>(size.nodes, size.right_sides, functions, u,
                   [&](auto sides, Index i, auto& packs) FASTPHOTO_INLINE_LAMBDA {
                     PackOf<float, lanes> shift[colors];
                     load_difference<lanes>(row.means, row.reference, i, shift);
                     move_function<lanes, sides>(shift, packs);
                     multiply_packs<lanes, sides>(row.from_affine, i, packs);
                   });
}

FASTPHOTO_BY_LANES(void take_up,
                   (const Planes<const float>& functions, const RowFrame& row, RowSize size, const Planes<float>& u),
                   take_up_in_lanes, (functions, row, size, u))

Planes<const float> means_of(const CoarseLevel& level, Index row) {
  return level.basis().planes(row, CoarseLevel::mean_plane);
}

RowFrame frame_of(const CoarseLevel& level, Index row, const Planes<const float>& reference) {
  return {level.basis().planes(row, CoarseLevel::from_plane), means_of(level, row), reference};
}

}  // namespace

void restrict_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                    const FoldedRows<float>& fine, FoldedRows<float>& coarse) {
  const Index planes = fine.channels();
  const Index right_sides = planes / numbers;
  const Grid& grid = fine_level.grid();
  const Index nodes = coarse_level.grid().width;
  workers.run(coarse_level.grid().height, node_rows_per_chunk, [&](Index begin, Index end) {
    Field<float> rows(Grid{2, grid.width, 0}, planes);  // the two unfolded last
    Field<float> moments(Grid{1, grid.width, 0}, planes);
    Field<float> gathered(Grid{1, nodes, 0}, planes);
    Field<float> even(Grid{1, nodes, 0}, planes + colors);
    Field<float> odd(Grid{1, nodes + 1, 0}, planes + colors);  // the first sample stays zero
    Index unfolded = std::max<Index>(0, 2 * begin - 1);
    for (Index ky = begin; ky < end; ++ky) {
      const Planes<const float> reference = means_of(fine_level, std::min(2 * ky, grid.height - 1));
      std::fill_n(moments.row(0, 0), moments.row_step(), 0.0F);
      for (Index y = std::max<Index>(0, 2 * ky - 1); y < std::min(grid.height, 2 * ky + 2); ++y) {
        if (y == unfolded) {  // not when the row before has read it
          unfold_row(fine, y, rows, y % 2);
          ++unfolded;
        }
        add_moments(frame_of(fine_level, y, reference), y == 2 * ky ? 1.0F : 0.5F, rows.planes(y % 2),
                    {grid.width, right_sides}, moments.planes(0));
      }
      for (Index plane = 0; plane < planes + colors; ++plane) {
        split(plane < planes ? moments.row(plane, 0) : reference[plane - planes], grid.width, even.row(plane, 0),
              odd.row(plane, 0) + 1);
      }
      gather({even.planes(0), odd.planes(0)}, means_of(coarse_level, ky),
             coarse_level.basis().planes(ky, CoarseLevel::to_plane), {nodes, right_sides}, gathered.planes(0));
      fold_row(gathered, 0, coarse, ky);
    }
  });
}

void prolong_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                   const FoldedRows<float>& coarse, FoldedRows<float>& fine) {
  const Index planes = fine.channels();
  const Index right_sides = planes / numbers;
  const Grid& grid = fine_level.grid();
  const Index nodes = coarse_level.grid().width;
  workers.run(coarse_level.grid().height, node_rows_per_chunk, [&](Index begin, Index end) {
    // Functions of two coarse rows in turns, those half-way between them, and those between a row's nodes.
    const Grid row_of_nodes{1, nodes + 1, 0};
    Field<float> functions[2] = {{row_of_nodes, planes}, {row_of_nodes, planes}};
    Field<float> half_way(row_of_nodes, planes);
    Field<float> between(row_of_nodes, planes);
    Field<float> joined(Grid{1, grid.width + 1, 0}, planes + colors);
    Field<float> taken_up(Grid{1, grid.width, 0}, planes);
    const auto load_row = [&](Index ky) {
      Field<float>& of_row = functions[ky % 2];
      unfold_row(coarse, ky, of_row, 0);
      multiply_basis(coarse_level.basis().planes(ky, CoarseLevel::to_plane), nodes, right_sides, of_row.planes(0),
                     of_row.planes(0));
    };
    // To one row of the finer level, from functions with respect to the means of coarse row ky.
    const auto spread = [&](Index ky, const Field<float>& from, Index y) {
      const Planes<const float> means = means_of(coarse_level, ky);
      average({from.planes(0), means}, {from.planes(0).from(1), means.from(1)}, {nodes, right_sides},
              between.planes(0));
      for (Index plane = 0; plane < planes; ++plane) {
        join(from.row(plane, 0), between.row(plane, 0), grid.width, joined.row(plane, 0));
      }
      take_up(joined.planes(0), frame_of(fine_level, y, joined.planes(0, planes)), {grid.width, right_sides},
              taken_up.planes(0));
      fold_row(taken_up, 0, fine, y);
    };
    load_row(begin);
    for (Index ky = begin; ky < end && 2 * ky < grid.height; ++ky) {
      const Planes<const float> means = means_of(coarse_level, ky);
      for (Index c = 0; c < colors; ++c) {
        const float* const of_color = means[c];
        join(of_color, of_color, grid.width, joined.row(planes + c, 0));
      }
      spread(ky, functions[ky % 2], 2 * ky);
      if (2 * ky + 1 < grid.height) {
        load_row(ky + 1);
        average({functions[ky % 2].planes(0), means},
                {functions[(ky + 1) % 2].planes(0), means_of(coarse_level, ky + 1)}, {nodes, right_sides},
                half_way.planes(0));
        spread(ky, half_way, 2 * ky + 1);
      }
    }
  });
}

}  // namespace fastphoto
