// SPDX-License-Identifier: Apache-2.0
//
// Reduces and copies the caller's pixels, and looks where they lie.
#include "engine/content_pixels.h"

#include <functional>

#include "base/parallel.h"
#include "base/pixel_rows.h"
#include "engine/working_size.h"
#include "filters/resize_pixels.h"

namespace fastphoto {

namespace {

struct Bytes {
  const char* begin;
  const char* end;
};

/// The memory that pixels lie in.
template <class Void>
Bytes bytes_of(const BasicPixels<Void>& pixels) {
  const Index last_sample = sample_size(pixels.type);
  Index low = 0;
  Index high = last_sample;
  for (const Index reach : {(pixels.height - 1) * pixels.row_stride, (pixels.width - 1) * pixels.pixel_stride,
                            (samples_per_pixel(pixels.order) - 1) * pixels.sample_stride}) {
    (reach < 0 ? low : high) += reach;
  }
  const char* const data = static_cast<const char*>(pixels.data);
  return {data + low, data + high};
}

}  // namespace

Image reduced(const Pixels& content, Size size, Threads threads) {
  Image small = resize_pixels(content, size.height, size.width, threads);
  clip(small);
  return small;
}

Pixels copy_pixels(const Pixels& from, std::vector<char>& memory, Threads threads) {
  Pixels copy(nullptr, from.height, from.width, from.type);
  memory.resize(static_cast<std::size_t>(copy.height * copy.row_stride));
  const MutablePixels to(memory.data(), from.height, from.width, from.type);
  copy.data = memory.data();
  Workers workers(threads);
  workers.run(from.height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> row(static_cast<std::size_t>(3 * from.width));
    for (Index y = begin; y < end; ++y) {
      read_rgb(from, y, row.data());
      write_rgb(row.data(), to, y);
    }
  });
  return copy;
}

Pixels copy_alpha(const Pixels& from, std::vector<float>& memory, Threads threads) {
  memory.resize(static_cast<std::size_t>(from.height * from.width));
  Pixels copy(memory.data(), from.height, from.width, SampleType::Float32, PixelOrder::RGBA);
  copy.pixel_stride = sample_size(copy.type);
  copy.row_stride = from.width * copy.pixel_stride;
  copy.sample_stride = 0;  // there is one sample only
  Workers workers(threads);
  workers.run(from.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y) {
      read_alpha(from, y, memory.data() + y * from.width);
    }
  });
  return copy;
}

bool overlaps_otherwise(const Pixels& content, const MutablePixels& result) {
  if (content.data == nullptr || result.data == nullptr) {
    return false;
  }
  const bool same_rows = content.data == result.data && content.row_stride == result.row_stride &&
                         content.pixel_stride == result.pixel_stride && content.type == result.type;
  const std::less<> before;
  const Bytes a = bytes_of(content);
  const Bytes b = bytes_of(result);
  return !same_rows && before(a.begin, b.end) && before(b.begin, a.end);
}

}  // namespace fastphoto
