// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer.h"
#include "grid.h"

namespace fastphoto {

/// A few 4 x 4 blocks for every node of a grid, zero at first: `pack_size` neighbouring nodes lie together, for them
/// one entry after another, so that a kernel reads memory in one stream. A pack of zeros lies on either side of every
/// row, and a row of zeros above the first one.
class NodeBlocks {
 public:
  NodeBlocks(Index height, Index width, Index blocks)
      : pack_step_(16 * blocks * pack_size),
        row_step_((padded_to_packs(width) / pack_size + 1) * pack_step_),
        buffer_(static_cast<std::size_t>((height + 1) * row_step_ + (1 + tail) * pack_step_)) {}

  Index pack_step() const { return pack_step_; }  ///< samples from one pack of nodes to the next
  Index row_step() const { return row_step_; }

  /// The pack with a node, which is its first.
  float* pack_at(Index row, Index node) { return buffer_.data() + at(row, node); }
  const float* pack_at(Index row, Index node) const { return buffer_.data() + at(row, node); }

  /// Entry (a, b) of a block of any node.
  float entry(Index block, Index a, Index b, Index row, Index node) const {
    return buffer_.data()[at(row, node) + (16 * block + 4 * a + b) * pack_size + node % pack_size];
  }

 private:
  // Kernels that treat a whole tile where a row has ended read so far beyond it.
  static constexpr Index tail = 4;

  Index at(Index row, Index node) const { return (row + 1) * row_step_ + (node / pack_size + 1) * pack_step_; }

  Index pack_step_;
  Index row_step_;
  Buffer<float> buffer_;
};

}  // namespace fastphoto
