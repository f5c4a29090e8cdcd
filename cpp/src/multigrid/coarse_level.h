// SPDX-License-Identifier: Apache-2.0
//
// What a level consists of, and how its operator is laid out.
#pragma once

#include <algorithm>

#include "base/field.h"
#include "matting/window_offsets.h"

namespace fastphoto {

/// Nodes that set-up treats at once.
inline constexpr Index node_tile = 32;

constexpr Index padded_to_tiles(Index nodes) { return (nodes + node_tile - 1) / node_tile * node_tile; }

/// One grid of nodes with four unknowns each: an affine function of colour. The operator K is a symmetric 3 x 3 stencil
/// of 4 x 4 blocks. Bases make every diagonal block the identity, so only the blocks of the four positive offsets are
/// kept. They have 16 planes each: plane 16 * offset + 4 * a + b.
///
/// Vectors are folded rows (folded_rows.h). Their channel u * R + r is unknown u of right side r, of R.
class CoarseLevel {
 public:
  static constexpr Index blocks_per_node = 4;
  static constexpr Index block_planes = 16 * blocks_per_node;
  static constexpr NeighbourOffset offsets[blocks_per_node] = {{0, 1}, {1, -1}, {1, 0}, {1, 1}};

  CoarseLevel(Index height, Index width)
      : grid_{height, width, 1},
        basis_(Grid{height, std::max(width, padded_to_tiles(width) - pack_size), 1}, basis_planes, Lifetime::Long) {}

  const Grid& grid() const { return grid_; }

  /// A node's affine functions of colour, b + a . (I - mean), in coordinates u that are well scaled:
  /// (b, a) = to_affine u and u = from_affine (b, a). Where the colour does not vary in a direction, its coordinate is
  /// always zero. Only the first row and the lower right 3 x 3 of either matrix are not zero.
  ///
  /// Planes: 3 of mean, 13 of to_affine, 13 of from_affine. Rows have room for whole tiles of nodes. So a task
  /// that reads the last tile of a row does not touch the next row, which another task may be writing.
  static constexpr Index mean_plane = 0;
  static constexpr Index to_plane = 3;
  static constexpr Index from_plane = 16;
  static constexpr Index basis_planes = 29;
  const Field<float>& basis() const { return basis_; }
  Field<float>& basis() { return basis_; }

 private:
  Grid grid_;
  Field<float> basis_;
};

/// Rows of nodes one task takes.
inline constexpr Index node_rows_per_chunk = 8;

}  // namespace fastphoto
