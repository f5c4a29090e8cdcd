// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstring>

#include "fastphoto/image.h"

namespace fastphoto {

/// Copies columns [begin, end) of one row of one channel out of a borrowed image, whatever its strides.
inline void read_row(const ImageView& view, Index channel, Index row, Index begin, Index end, float* out) {
  const char* from = reinterpret_cast<const char*>(view.data) + channel * view.channel_stride + row * view.row_stride +
                     begin * view.column_stride;
  for (Index i = 0; i < end - begin; ++i) {
    std::memcpy(out + i, from + i * view.column_stride, sizeof(float));
  }
}

/// Copies samples [begin, end) of one channel, counted in row order over the whole image.
inline void read_samples(const ImageView& view, Index channel, Index begin, Index end, float* out) {
  while (begin < end) {
    const Index row = begin / view.width;
    const Index column = begin % view.width;
    const Index stop = std::min(view.width, column + end - begin);
    read_row(view, channel, row, column, stop, out);
    out += stop - column;
    begin += stop - column;
  }
}

/// One row of one channel of the image continued by edge replication `padding` pixels beyond each border; row and out
/// count in the padded image.
inline void read_padded_row(const ImageView& view, Index padding, Index channel, Index row, float* out) {
  const Index inside = std::clamp<Index>(row - padding, 0, view.height - 1);
  read_row(view, channel, inside, 0, view.width, out + padding);
  std::fill(out, out + padding, out[padding]);
  std::fill(out + padding + view.width, out + 2 * padding + view.width, out[padding + view.width - 1]);
}

}  // namespace fastphoto
