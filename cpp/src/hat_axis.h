// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "fastphoto/image.h"

namespace fastphoto {

/// Piecewise linear hats along one axis: node k sits at position spacing * k, and the hats of the two nodes around a
/// position sum to one. The last node may lie beyond the last position.
struct HatAxis {
  Index size = 0;     // positions
  Index spacing = 1;  // between nodes
  Index nodes = 0;    // at least two

  HatAxis() = default;
  HatAxis(Index positions, Index distance)
      : size(positions), spacing(distance), nodes(std::max<Index>(2, (positions + distance - 2) / distance + 1)) {}

  /// The node at or before a position; the next one's weight is right_weight.
  Index left(Index position) const { return std::min(position / spacing, nodes - 2); }
  double right_weight(Index position) const {
    return static_cast<double>(position - spacing * left(position)) / static_cast<double>(spacing);
  }

  /// Positions [begin, end) between a node and the next one.
  Index cell_begin(Index cell) const { return spacing * cell; }
  Index cell_end(Index cell) const { return cell == nodes - 2 ? size : spacing * (cell + 1); }

  /// Positions [begin, end) where the hat of a node is not zero.
  Index support_begin(Index node) const { return std::max<Index>(0, spacing * (node - 1) + 1); }
  Index support_end(Index node) const { return std::min(size, spacing * (node + 1)); }
  double weight(Index node, Index position) const {
    const Index distance = position > spacing * node ? position - spacing * node : spacing * node - position;
    return 1.0 - static_cast<double>(distance) / static_cast<double>(spacing);
  }
};

}  // namespace fastphoto
