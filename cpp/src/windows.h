// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "fastphoto/image.h"

namespace fastphoto {

/// Along one axis: the centres of the windows that lie inside and hold one position. Empty if last < first.
struct WindowRange {
  Index first;
  Index last;

  WindowRange(Index position, Index size, Index radius)
      : first(std::max(position - radius, radius)), last(std::min(position + radius, size - 1 - radius)) {}

  Index count() const { return std::max<Index>(0, last - first + 1); }
};

/// The positive half of a (4r+1) x (4r+1) neighbourhood: pixels that may share a window, each pair once.
struct NeighbourOffset {
  Index dy;
  Index dx;
};

inline std::vector<NeighbourOffset> positive_offsets(Index radius) {
  std::vector<NeighbourOffset> offsets;
  const Index reach = 2 * radius;
  for (Index dy = 0; dy <= reach; ++dy) {
    for (Index dx = dy == 0 ? 1 : -reach; dx <= reach; ++dx) {
      offsets.push_back({dy, dx});
    }
  }
  return offsets;
}

/// Position of (dy, dx) in positive_offsets(); the offset must be one of them.
inline Index offset_index(Index dy, Index dx, Index radius) {
  const Index reach = 2 * radius;
  return dy == 0 ? dx - 1 : reach + (dy - 1) * (2 * reach + 1) + dx + reach;
}

}  // namespace fastphoto
