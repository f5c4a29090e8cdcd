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
constexpr int power_steps = 12;
// The power method stays below the largest eigenvalue, and the smoother may pass it by half: this is the middle.
constexpr double power_margin = 1.1;
// The smoother is best on [smooth_from, 1] times the largest eigenvalue.
constexpr double smooth_from = 0.3;

/// sums -= K x for one block and one row of unknowns: four coefficients meet R right sides.
template <Index R>
FASTPHOTO_INLINE void subtract_row(const float* const (&k)[4], const float* x, Index plane, Index count,
                                   float* FASTPHOTO_RESTRICT sums) {
  for (Index i = 0; i < count; ++i) {
    const float k0 = k[0][i];
    const float k1 = k[1][i];
    const float k2 = k[2][i];
    const float k3 = k[3][i];
    for (Index r = 0; r < R; ++r) {
      const float* from = x + r * plane + i;
      sums[r * tile + i] -= k0 * from[0] + k1 * from[R * plane] + k2 * from[2 * R * plane] + k3 * from[3 * R * plane];
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
    for (Index a = 0; a < 4; ++a) {
      const float* const ahead[4] = {forward + (4 * a) * K.plane, forward + (4 * a + 1) * K.plane,
                                     forward + (4 * a + 2) * K.plane, forward + (4 * a + 3) * K.plane};
      const float* const behind[4] = {backward + a * K.plane, backward + (4 + a) * K.plane,
                                      backward + (8 + a) * K.plane, backward + (12 + a) * K.plane};
      subtract_row<R>(ahead, x + step, plane, count, sums + a * R * tile);
      subtract_row<R>(behind, x - step, plane, count, sums + a * R * tile);
    }
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

void CoarseLevel::estimate_damping(Workers& workers) {
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
  damping_ = static_cast<float>(2.0 / (power_margin * largest * (1.0 + smooth_from)));
}

}  // namespace fastphoto
