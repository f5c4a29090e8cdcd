// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "fastphoto/image.h"

namespace fastphoto {

/// Row-major pixels with a border of `halo` zeros, so that a stencil reads its neighbours without asking.
/// Rows share the gap between them: what lies right of one row lies left of the next.
struct Grid {
  Index height = 0;
  Index width = 0;
  Index halo = 0;

  Index stride() const { return width + halo; }
  Index size() const { return (height + 2 * halo) * stride() + halo; }
  Index at(Index row, Index column) const { return (row + halo) * stride() + halo + column; }
};

/// Planar channels on a grid, zero at first. The halo stays zero.
template <class T>
class Field {
 public:
  Field(const Grid& grid, Index channels)
      : grid_(grid), channels_(channels), samples_(static_cast<std::size_t>(grid.size() * channels)) {}

  const Grid& grid() const { return grid_; }
  Index channels() const { return channels_; }
  Index plane() const { return grid_.size(); }  ///< samples from one channel to the next

  T* row(Index channel, Index y) { return samples_.data() + channel * plane() + grid_.at(y, 0); }
  const T* row(Index channel, Index y) const { return samples_.data() + channel * plane() + grid_.at(y, 0); }

 private:
  Grid grid_;
  Index channels_;
  std::vector<T> samples_;
};

}  // namespace fastphoto
