// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer.h"
#include "grid.h"

namespace fastphoto {

/// Packs of a row of `width` samples, folded: the length of its segments.
constexpr Index folded_length(Index width) { return padded_to_packs(width) / pack_size; }

/// Rows of samples folded into pack_size segments of equal length: pack j of a row holds sample j of every segment. The
/// neighbours of a pack's samples along the row are then the packs before and behind it, so that a stencil loads whole
/// packs and no load crosses a cache line (Henretty et al., "Data layout transformation for stencil computations on
/// short-vector SIMD architectures", CC 2011).
///
/// Pack -1 has the left neighbours of the segments' first samples, pack `length` the right ones of their last; rows -1
/// and `height` are zero.
template <class T>
class FoldedRows {
 public:
  FoldedRows(Index height, Index width, Index channels)
      : height_(height),
        width_(width),
        channels_(channels),
        channel_step_(pack_size * ((length() + 2) | 1)),  // an odd number of cache lines, as in Grid
        buffer_(static_cast<std::size_t>((height + 2) * row_step())) {}

  Index height() const { return height_; }
  Index width() const { return width_; }
  Index length() const { return folded_length(width_); }
  Index channels() const { return channels_; }
  Index channel_step() const { return channel_step_; }
  Index row_step() const { return channels_ * channel_step_; }

  /// Pack 0 of the first channel.
  T* row(Index y) { return buffer_.data() + (y + 1) * row_step() + pack_size; }
  const T* row(Index y) const { return buffer_.data() + (y + 1) * row_step() + pack_size; }

 private:
  Index height_;
  Index width_;
  Index channels_;
  Index channel_step_;
  Buffer<T> buffer_;
};

/// Fills packs -1 and `length` of one channel of a row from the others.
void close_folded_row(float* row, Index length);

/// Folds one channel of a row, whose padding to whole packs is read as well, and closes it.
void fold_row(const float* from, Index length, float* to);

/// The reverse; writes the padding to whole packs too.
void unfold_row(const float* from, Index length, float* to);

}  // namespace fastphoto
