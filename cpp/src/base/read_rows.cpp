// SPDX-License-Identifier: Apache-2.0
//
// Copies strided samples into rows, with the usual strides known to the compiler.
#include "base/read_rows.h"

#include <algorithm>
#include <cstdint>
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

bool has_interleaved_rows(const ImageView& view) {
  constexpr auto bytes = static_cast<Index>(sizeof(float));
  const bool aligned =
      reinterpret_cast<std::uintptr_t>(view.data) % alignof(float) == 0 && view.row_stride % bytes == 0;
  return aligned && (view.channels == 1 || view.channel_stride == bytes) &&
         (view.width == 1 || view.column_stride == view.channels * bytes);
}

const float* interleaved_row(const ImageView& view, Index row, float* scratch) {
  if (has_interleaved_rows(view)) {
    return view.data + row * (view.row_stride / static_cast<Index>(sizeof(float)));
  }
  for (Index c = 0; c < view.channels; ++c) {
    const char* from = reinterpret_cast<const char*>(view.data) + row * view.row_stride + c * view.channel_stride;
    for (Index x = 0; x < view.width; ++x, from += view.column_stride) {
      std::memcpy(scratch + x * view.channels + c, from, sizeof(float));
    }
  }
  return scratch;
}

void read_padded_row(const ImageView& view, Index padding, Index channel, Index row, float* out) {
  const Index inside = std::clamp<Index>(row - padding, 0, view.height - 1);
  read_row(view, channel, inside, 0, view.width, out + padding);
  std::fill(out, out + padding, out[padding]);
  std::fill(out + padding + view.width, out + 2 * padding + view.width, out[padding + view.width - 1]);
}

}  // namespace fastphoto
