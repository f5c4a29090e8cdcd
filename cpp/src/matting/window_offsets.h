// SPDX-License-Identifier: Apache-2.0
//
// Which windows hold a pixel, and which pixels share a window.
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

constexpr Index positive_offset_count(Index radius) { return 4 * radius * (2 * radius + 1); }

/// Row by row, as offset_index() counts them.
constexpr NeighbourOffset positive_offset(Index index, Index radius) {
  const Index reach = 2 * radius;
  const Index below = index - reach;  // of those in the pixel's own row
  return below < 0 ? NeighbourOffset{0, index + 1}
                   : NeighbourOffset{1 + below / (2 * reach + 1), below % (2 * reach + 1) - reach};
}

inline std::vector<NeighbourOffset> positive_offsets(Index radius) {
  std::vector<NeighbourOffset> offsets(static_cast<std::size_t>(positive_offset_count(radius)));
  for (std::size_t o = 0; o < offsets.size(); ++o) {
    offsets[o] = positive_offset(static_cast<Index>(o), radius);
  }
  return offsets;
}

/// Position of (dy, dx) in positive_offsets(); the offset must be one of them.
constexpr Index offset_index(Index dy, Index dx, Index radius) {
  const Index reach = 2 * radius;
  return dy == 0 ? dx - 1 : reach + (dy - 1) * (2 * reach + 1) + dx + reach;
}

}  // namespace fastphoto
