// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "color_planes.h"
#include "grid.h"
#include "pixel_diagonal.h"

namespace fastphoto {

/// Pixels between the nodes of the first level.
inline constexpr Index node_spacing = 4;

/// Blocks of a node: its own and those of the 12 positive offsets, 4 x 4 each.
inline constexpr Index blocks_of_node = 13;

/// The raw Galerkin blocks of one row of nodes, sum over pixels i, j of phi_k(i) A_ij phi_l(j) (1, I_i)^T (1, I_j), as
/// planes 16 * block + 4 * a + b of one number for each node.
class NodeBlocks {
 public:
  explicit NodeBlocks(Index nodes);

  void clear();
  double* plane(Index index) { return samples_.data() + index * stride_; }
  const double* plane(Index index) const { return samples_.data() + index * stride_; }
  Index stride() const { return stride_; }

 private:
  Index stride_;
  std::vector<double> samples_;
};

/// Adds what the pixels between node rows `row` and `row` + 1 give to either. Many cells at once, a position in the
/// cell after another, so that hats are constants and neighbours lie side by side in memory.
void add_cells(const ColorPlanes& colors, const Field<float>& coefficients, const PixelDiagonal& diagonal, Index row,
               NodeBlocks& above, NodeBlocks& below);

/// Place of the block of nodes (k, k + (dy, dx)) among a node's blocks; the offset is positive or zero.
constexpr Index block_place(Index dy, Index dx) { return dy == 0 ? dx : 3 + (dy - 1) * 5 + dx + 2; }

}  // namespace fastphoto
