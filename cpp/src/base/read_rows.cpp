// SPDX-License-Identifier: Apache-2.0
#include "base/read_rows.h"

#include <algorithm>
#include <cstring>

#include "base/multiversion.h"

namespace fastphoto {

namespace {

FASTPHOTO_INLINE void copy(const char* from, Index stride, Index count, float* FASTPHOTO_RESTRICT out) {
  for (Index i = 0; i < count; ++i) {
    std::memcpy(out + i, from + i * stride, sizeof(float));
  }
}

/// Every `stride` bytes a sample; the usual strides are known to the compiler.
FASTPHOTO_MULTIVERSION void read_strided(const char* from, Index stride, Index count, float* out) {
  constexpr Index planar = sizeof(float);
  constexpr Index interleaved = 3 * sizeof(float);
  if (stride == planar) {
    copy(from, planar, count, out);
  } else if (stride == interleaved) {
    copy(from, interleaved, count, out);
  } else {
    copy(from, stride, count, out);
  }
}

}  // namespace

void read_row(const ImageView& view, Index channel, Index row, Index begin, Index end, float* out) {
  const char* const from = reinterpret_cast<const char*>(view.data) + channel * view.channel_stride +
                           row * view.row_stride + begin * view.column_stride;
  read_strided(from, view.column_stride, end - begin, out);
}

void read_samples(const ImageView& view, Index channel, Index begin, Index end, float* out) {
  while (begin < end) {
    const Index row = begin / view.width;
    const Index column = begin % view.width;
    const Index stop = std::min(view.width, column + end - begin);
    read_row(view, channel, row, column, stop, out);
    out += stop - column;
    begin += stop - column;
  }
}

void read_padded_row(const ImageView& view, Index padding, Index channel, Index row, float* out) {
  const Index inside = std::clamp<Index>(row - padding, 0, view.height - 1);
  read_row(view, channel, inside, 0, view.width, out + padding);
  std::fill(out, out + padding, out[padding]);
  std::fill(out + padding + view.width, out + 2 * padding + view.width, out[padding + view.width - 1]);
}

}  // namespace fastphoto
