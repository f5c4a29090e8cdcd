// SPDX-License-Identifier: Apache-2.0
//
// Planar float rows with a border of zeros: the layout of pixels and nodes in every kernel.
#pragma once

#include "base/buffer.h"
#include "base/planes.h"
#include "fastphoto/image.h"

namespace fastphoto {

/// Samples that kernels treat at once. Every row of a field is padded to a multiple of it, and the padding is zero, so
/// that no kernel has a tail: it computes zeros from zeros there.
inline constexpr Index pack_size = 16;

constexpr Index padded_to_packs(Index count) { return (count + pack_size - 1) / pack_size * pack_size; }

/// Row-major pixels with a border of `halo` zeros, so that a stencil reads its neighbours without asking.
struct Grid {
  Index height = 0;
  Index width = 0;
  Index halo = 0;

  /// Samples from one row to the next: whole cache lines, of which at least one separates the rows, and an odd number
  /// of them, so that rows do not fall on one another in the cache.
  Index stride() const {
    const Index packs = padded_to_packs(width + halo) / pack_size + 1;
    return pack_size * (packs | 1);
  }
};

/// Channels on a grid, zero at first; halo and padding stay zero. The rows of the channels follow each other: all of
/// row y before those of row y + 1.
template <class T>
class Field {
 public:
  Field(const Grid& grid, Index channels, Lifetime lifetime = Lifetime::Short)
      : grid_(grid),
        channels_(channels),
        stride_(grid.stride()),
        lead_(padded_to_packs(grid.halo + 1)),
        buffer_(static_cast<std::size_t>((grid.height + 2 * grid.halo) * channels * stride_ + lead_ + tail), lifetime) {
  }

  const Grid& grid() const { return grid_; }
  Index channels() const { return channels_; }
  Index channel_step() const { return stride_; }          ///< samples from one channel to the next
  Index row_step() const { return channels_ * stride_; }  ///< samples from one row to the next

  T* row(Index channel, Index y) { return buffer_.data() + at(channel, y); }
  const T* row(Index channel, Index y) const { return buffer_.data() + at(channel, y); }

  /// Row y of the channels from `channel` on.
  Planes<T> planes(Index y, Index channel = 0) { return {row(channel, y), channel_step()}; }
  Planes<const T> planes(Index y, Index channel = 0) const { return {row(channel, y), channel_step()}; }

  /// The rows from y on, of all channels.
  PlaneRows<T> rows(Index y) { return {row(0, y), row_step(), channel_step()}; }
  PlaneRows<const T> rows(Index y) const { return {row(0, y), row_step(), channel_step()}; }

 private:
  // Kernels read whole tiles, and so up to this many samples beyond the end of the last row.
  static constexpr Index tail = 6 * pack_size;

  Index at(Index channel, Index y) const { return ((y + grid_.halo) * channels_ + channel) * stride_ + lead_; }

  Grid grid_;
  Index channels_;
  Index stride_;
  Index lead_;  // room for the halo left of the first row
  Buffer<T> buffer_;
};

}  // namespace fastphoto
