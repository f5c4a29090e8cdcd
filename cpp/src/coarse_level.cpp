// SPDX-License-Identifier: Apache-2.0
#include "coarse_level.h"

#include <algorithm>
#include <cmath>

#include "dot.h"
#include "multiversion.h"
#include "row_sums.h"
#include "windows.h"

namespace fastphoto {

namespace {

constexpr Index tile = 64;  // nodes of one row treated together
constexpr int power_steps = 8;
// The power method stays below the largest eigenvalue, by up to some 10 % after so few steps.
constexpr double power_margin = 1.15;

/// sums -= K x for one block of 4 x 4 and R right sides. All sixteen coefficients at once: every sample of x is loaded
/// once.
template <Index R>
FASTPHOTO_INLINE void subtract_block(const float* const (&k)[16], const float* x, Index plane, Index count,
                                     float* FASTPHOTO_RESTRICT sums) {
  FASTPHOTO_INDEPENDENT
  for (Index i = 0; i < count; ++i) {
    FASTPHOTO_UNROLL
    for (Index r = 0; r < R; ++r) {
      const float x0 = x[r * plane + i];
      const float x1 = x[(R + r) * plane + i];
      const float x2 = x[(2 * R + r) * plane + i];
      const float x3 = x[(3 * R + r) * plane + i];
      FASTPHOTO_UNROLL
      for (Index a = 0; a < 4; ++a) {
        sums[(a * R + r) * tile + i] -=
            k[4 * a][i] * x0 + k[4 * a + 1][i] * x1 + k[4 * a + 2][i] * x2 + k[4 * a + 3][i] * x3;
      }
    }
  }
}

struct TileBlocks {
  const float* blocks;  // plane 0 at the tile's first node
  Index plane;
  const Index* steps;
};

/// t = r - K x on a tile.
template <Index R>
FASTPHOTO_INLINE void residual_tile_of(const TileBlocks& K, const float* r, const float* x, Index plane, Index count,
                                       float* t) {
  float sums[4 * R * tile];
  for (Index c = 0; c < 4 * R; ++c) {
    for (Index i = 0; i < count; ++i) {
      sums[c * tile + i] = r[c * plane + i] - x[c * plane + i];
    }
  }
  for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
    const Index step = K.steps[o];
    const float* forward = K.blocks + 16 * o * K.plane;
    const float* backward = forward - step;
    const float* ahead[16];
    const float* behind[16];
    for (Index a = 0; a < 4; ++a) {
      for (Index b = 0; b < 4; ++b) {
        ahead[4 * a + b] = forward + (4 * a + b) * K.plane;
        behind[4 * a + b] = backward + (4 * b + a) * K.plane;
      }
    }
    subtract_block<R>(ahead, x + step, plane, count, sums);
    subtract_block<R>(behind, x - step, plane, count, sums);
  }
  for (Index c = 0; c < 4 * R; ++c) {
    std::copy(sums + c * tile, sums + c * tile + count, t + c * plane);
  }
}

FASTPHOTO_MULTIVERSION void residual_tile_1(const TileBlocks& K, const float* r, const float* x, Index plane,
                                            Index count, float* t) {
  residual_tile_of<1>(K, r, x, plane, count, t);
}
FASTPHOTO_MULTIVERSION void residual_tile_2(const TileBlocks& K, const float* r, const float* x, Index plane,
                                            Index count, float* t) {
  residual_tile_of<2>(K, r, x, plane, count, t);
}
FASTPHOTO_MULTIVERSION void residual_tile_3(const TileBlocks& K, const float* r, const float* x, Index plane,
                                            Index count, float* t) {
  residual_tile_of<3>(K, r, x, plane, count, t);
}
FASTPHOTO_MULTIVERSION void residual_tile_4(const TileBlocks& K, const float* r, const float* x, Index plane,
                                            Index count, float* t) {
  residual_tile_of<4>(K, r, x, plane, count, t);
}

}  // namespace

CoarseLevel::CoarseLevel(const HatAxis& rows, const HatAxis& columns)
    : rows_(rows),
      columns_(columns),
      blocks_(Grid{rows.nodes, columns.nodes, 2}, 16 * blocks_per_node),
      basis_(Grid{rows.nodes, columns.nodes, 2}, 29) {}

void CoarseLevel::set_basis(Index row, Index column, const ColorBasis& basis) {
  for (Index i = 0; i < 3; ++i) {
    basis_.row(mean_plane + i, row)[column] = basis.mean[i];
  }
  for (Index i = 0; i < 13; ++i) {
    basis_.row(to_plane + i, row)[column] = basis.to_affine[i];
    basis_.row(from_plane + i, row)[column] = basis.from_affine[i];
  }
}

ColorBasis CoarseLevel::basis_at(Index row, Index column) const {
  ColorBasis basis;
  for (Index i = 0; i < 3; ++i) {
    basis.mean[i] = basis_.row(mean_plane + i, row)[column];
  }
  for (Index i = 0; i < 13; ++i) {
    basis.to_affine[i] = basis_.row(to_plane + i, row)[column];
    basis.from_affine[i] = basis_.row(from_plane + i, row)[column];
  }
  return basis;
}

void CoarseLevel::residual(Workers& workers, const Field<float>& r, const Field<float>& x, Field<float>& t) const {
  const auto kernel = x.channels() == 4    ? residual_tile_1
                      : x.channels() == 8  ? residual_tile_2
                      : x.channels() == 12 ? residual_tile_3
                                           : residual_tile_4;
  std::vector<Index> steps;
  for (const NeighbourOffset& offset : positive_offsets(1)) {
    steps.push_back(offset.dy * grid().stride() + offset.dx);
  }
  workers.run(grid().height, node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index column = 0; column < grid().width; column += tile) {
        kernel({blocks_.row(0, row) + column, blocks_.plane(), steps.data()}, r.row(0, row) + column,
               x.row(0, row) + column, x.plane(), std::min(tile, grid().width - column), t.row(0, row) + column);
      }
    }
  });
}

void CoarseLevel::estimate_largest_eigenvalue(Workers& workers) {
  // A fixed start without pattern, so that every photo and every number of threads sees the same.
  Field<float> x(grid(), 4);
  Field<float> t(grid(), 4);
  const Field<float> zero(grid(), 4);
  std::uint32_t state = 1;
  for (Index u = 0; u < 4; ++u) {
    for (Index row = 0; row < grid().height; ++row) {
      for (Index i = 0; i < grid().width; ++i) {
        state = state * 1664525U + 1013904223U;
        x.row(u, row)[i] = static_cast<float>(state >> 8) * 0x1p-24F - 0.5F;
      }
    }
  }
  double largest = 1.0;
  for (int step = 0; step < power_steps; ++step) {
    residual(workers, zero, x, t);
    double xx = 0.0;
    double tt = 0.0;
    for (Index u = 0; u < 4; ++u) {
      for (Index row = 0; row < grid().height; ++row) {
        const float* a = x.row(u, row);
        const float* b = t.row(u, row);
        xx +=
            sum_in_lanes(grid().width, [&](Index i) { return static_cast<double>(a[i]) * static_cast<double>(a[i]); });
        tt +=
            sum_in_lanes(grid().width, [&](Index i) { return static_cast<double>(b[i]) * static_cast<double>(b[i]); });
      }
    }
    largest = std::sqrt(tt / xx);
    const auto scale = static_cast<float>(1.0 / std::sqrt(tt));
    for (Index u = 0; u < 4; ++u) {
      for (Index row = 0; row < grid().height; ++row) {
        const float* from = t.row(u, row);
        float* to = x.row(u, row);
        for (Index i = 0; i < grid().width; ++i) {
          to[i] = scale * from[i];
        }
      }
    }
  }
  largest_eigenvalue_ = power_margin * largest;
}

}  // namespace fastphoto
