// SPDX-License-Identifier: Apache-2.0
//
// Vectors of a level in rows that are folded into packs (README.md has a drawing).
#pragma once

#include <algorithm>
#include <cstring>

#include "base/buffer.h"
#include "base/field.h"
#include "base/multiversion.h"

namespace fastphoto {

/// The length of the segments of a folded row of `width` samples, which is the number of its packs. At least two, so
/// that no pack is its own neighbour.
constexpr Index folded_length(Index width) { return std::max<Index>(2, (width + pack_size - 1) / pack_size); }

/// Rows of samples folded into pack_size segments of equal length: pack j of a row holds sample j of every segment, for
/// one channel after another. So the packs before and behind a pack hold the neighbours of its samples along the row. A
/// stencil loads whole packs, no load crosses a cache line, and all that one pack of nodes needs lies
/// together.
///
/// Henretty et al., "Data layout transformation for stencil computations on short-vector SIMD architectures", CC 2011.
///
/// Pack -1 has the left neighbours of the segments' first samples, pack `length` the right ones of their last; rows -1
/// and `height` are zero.
template <class T>
class FoldedRows {
 public:
  FoldedRows(Index height, Index width, Index channels, Lifetime lifetime = Lifetime::Short)
      : height_(height),
        width_(width),
        channels_(channels),
        buffer_(static_cast<std::size_t>((height + 2) * row_step()), lifetime) {}

  Index height() const { return height_; }
  Index width() const { return width_; }
  Index length() const { return folded_length(width_); }
  Index channels() const { return channels_; }
  Index pack_step() const { return channels_ * pack_size; }        ///< samples from one pack of a channel to the next
  Index row_step() const { return (length() + 2) * pack_step(); }  ///< samples from one row to the next

  /// Pack 0 of the first channel; the other channels' follow, then pack 1.
  T* row(Index y) { return buffer_.data() + (y + 1) * row_step() + pack_step(); }
  const T* row(Index y) const { return buffer_.data() + (y + 1) * row_step() + pack_step(); }

  /// Sample x of one channel of row y, for code that need not be fast.
  T& at(Index channel, Index y, Index x) { return row(y)[in_row(channel, x)]; }
  const T& at(Index channel, Index y, Index x) const { return row(y)[in_row(channel, x)]; }

 private:
  Index in_row(Index channel, Index x) const { return (x % length() * channels_ + channel) * pack_size + x / length(); }

  Index height_;
  Index width_;
  Index channels_;
  Buffer<T> buffer_;
};

/// Fills pack -1 of a row from its last one.
FASTPHOTO_INLINE void close_before(float* row, Index length, Index channels) {
  for (Index c = 0; c < channels; ++c) {
    float* const before = row + (c - channels) * pack_size;
    before[0] = 0.0F;
    std::memcpy(before + 1, before + length * channels * pack_size, (pack_size - 1) * sizeof(float));
  }
}

/// Fills pack `length` of a row from its first one.
FASTPHOTO_INLINE void close_behind(float* row, Index length, Index channels) {
  for (Index c = 0; c < channels; ++c) {
    float* const behind = row + (length * channels + c) * pack_size;
    std::memcpy(behind, row + c * pack_size + 1, (pack_size - 1) * sizeof(float));
    behind[pack_size - 1] = 0.0F;
  }
}

/// Fills pack `length` of a row with zeros.
FASTPHOTO_INLINE void clear_behind(float* row, Index length, Index channels) {
  std::memset(row + length * channels * pack_size, 0, static_cast<std::size_t>(channels * pack_size) * sizeof(float));
}

/// Folds a row of all channels of a field, whose padding is read as well, and closes it.
void fold_row(const Field<float>& from, Index from_row, FoldedRows<float>& to, Index to_row);

/// The reverse. Writes the field's padding too; it is zero as before.
void unfold_row(const FoldedRows<float>& from, Index from_row, Field<float>& to, Index to_row);

}  // namespace fastphoto
