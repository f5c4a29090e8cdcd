// SPDX-License-Identifier: Apache-2.0
//
// Products of 4 x 4 blocks of many nodes at a time, in float64.
#pragma once

#include "base/multiversion.h"
#include "base/planes.h"
#include "multigrid/coarse_level.h"

namespace fastphoto {

/// 4 x 4 blocks of many neighbouring nodes, an entry after another: the products that make coarse operators, in
/// float64. Entry 4 * a + b.
inline constexpr Index lanes = node_tile;
using Lanes = double[lanes];
using BlockLanes = Lanes[16];

/// product = left middle right^T. The first rows of left and right are zero but for their first entries, and only those
/// entries are read. All matrices that change the coefficients of affine functions are of this kind.
FASTPHOTO_INLINE void congruence(const BlockLanes& left, const BlockLanes& middle, const BlockLanes& right,
                                 BlockLanes& product) {
  const auto times_right = [&](const double (&half)[4], Index a, Index i) FASTPHOTO_INLINE_LAMBDA {
    product[4 * a][i] = half[0] * right[0][i];
    FASTPHOTO_UNROLL
    for (Index b = 1; b < 4; ++b) {
      product[4 * a + b][i] = half[0] * right[4 * b][i] + half[1] * right[4 * b + 1][i] +
                              half[2] * right[4 * b + 2][i] + half[3] * right[4 * b + 3][i];
    }
  };
  for (Index i = 0; i < lanes; ++i) {
    const double first = left[0][i];
    times_right({first * middle[0][i], first * middle[1][i], first * middle[2][i], first * middle[3][i]}, 0, i);
  }
  for (Index a = 1; a < 4; ++a) {
    for (Index i = 0; i < lanes; ++i) {
      double half[4];
      FASTPHOTO_UNROLL
      for (Index b = 0; b < 4; ++b) {
        half[b] = left[4 * a][i] * middle[b][i] + left[4 * a + 1][i] * middle[4 + b][i] +
                  left[4 * a + 2][i] * middle[8 + b][i] + left[4 * a + 3][i] * middle[12 + b][i];
      }
      times_right(half, a, i);
    }
  }
}

/// product = left left^T, where left is of the same kind.
FASTPHOTO_INLINE void square(const BlockLanes& left, BlockLanes& product) {
  for (Index a = 0; a < 4; ++a) {
    for (Index b = 0; b <= a; ++b) {
      for (Index i = 0; i < lanes; ++i) {
        const double rest = b == 0 ? 0.0
                                   : left[4 * a + 1][i] * left[4 * b + 1][i] + left[4 * a + 2][i] * left[4 * b + 2][i] +
                                         left[4 * a + 3][i] * left[4 * b + 3][i];
        const double entry = left[4 * a][i] * left[4 * b][i] + rest;
        product[4 * a + b][i] = entry;
        product[4 * b + a][i] = entry;
      }
    }
  }
}

/// The first `count` lanes in float32, an entry to a plane.
FASTPHOTO_INLINE void store_block(const BlockLanes& block, Index count, Planes<float> out) {
  for (Index entry = 0; entry < 16; ++entry) {
    for (Index i = 0; i < count; ++i) {
      out[entry][i] = static_cast<float>(block[entry][i]);
    }
  }
}

/// The matrix N of a node's basis, whose rows are the basis functions' coefficients of (1, I - mean), or of (1, I)
/// where `raw`: operators in the basis are N block N^T.
FASTPHOTO_INLINE void read_basis(Planes<const float> basis, bool raw, BlockLanes& matrix) {
  const Planes<const float> to = basis.behind(CoarseLevel::to_plane);
  for (Index j = 0; j < 4; ++j) {
    for (Index i = 0; i < lanes; ++i) {
      matrix[4 * j][i] = static_cast<double>(to[j][i]);
    }
  }
  const double shift = raw ? 1.0 : 0.0;
  for (Index j = 1; j < 4; ++j) {
    for (Index c = 0; c < 3; ++c) {
      const float* mean = basis[CoarseLevel::mean_plane + c];
      const float* slope = to[3 + 3 * c + j];
      for (Index i = 0; i < lanes; ++i) {
        const auto entry = static_cast<double>(slope[i]);
        matrix[4 * j + 1 + c][i] = entry;
        matrix[4 * j][i] -= shift * entry * static_cast<double>(mean[i]);
      }
    }
  }
}

/// The transpose of the matrix that takes the coefficients of (1, I) to a node's unknowns, for every node that lies
/// `step` nodes behind another.
FASTPHOTO_INLINE void read_inverse_basis(Planes<const float> basis, Index step, BlockLanes& matrix) {
  const Planes<const float> from = basis.behind(CoarseLevel::from_plane);
  for (Index i = 0; i < lanes; ++i) {
    matrix[0][i] = static_cast<double>(from[0][step * i]);
  }
  for (Index c = 0; c < 3; ++c) {
    const float* mean = basis[CoarseLevel::mean_plane + c];
    const float* row = from[1 + c];
    for (Index i = 0; i < lanes; ++i) {
      matrix[4 + 4 * c][i] = static_cast<double>(row[step * i]) + matrix[0][i] * static_cast<double>(mean[step * i]);
    }
    for (Index j = 0; j < 3; ++j) {
      const float* entry = from[4 + 3 * j + c];
      for (Index i = 0; i < lanes; ++i) {
        matrix[4 + 4 * c + 1 + j][i] = static_cast<double>(entry[step * i]);
      }
    }
  }
}

}  // namespace fastphoto
