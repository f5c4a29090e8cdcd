// SPDX-License-Identifier: Apache-2.0
//
// Enlarges maps bilinearly: two rows become one, and along it each pixel takes a share of the maps on its two sides.
#include "filters/enlarged_maps.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/multiversion.h"
#include "base/pack.h"

namespace fastphoto {

namespace {

static_assert(enlarged_map_numbers == pack_size);

/// The share `t` of the way from the maps of one row to those of the next.
FASTPHOTO_MULTIVERSION void blend_rows(const float* above, const float* below, float t, Index count,
                                       float* FASTPHOTO_RESTRICT out) {
  for (Index i = 0; i < count; ++i) {
    out[i] = above[i] + t * (below[i] - above[i]);
  }
}

#if defined(__GNUC__)
/// The map times (r, g, b, 1): products of four lanes each, whose sums are the channels.
FASTPHOTO_INLINE void apply_map(const Pack& map, const float* colour, float* result) {
  using Four = PackOf<float, 4>;
  Four one;
  std::memcpy(&one, colour, sizeof one);
  one[3] = 1.0F;
  Pack sum = map * __builtin_shufflevector(one, one, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
  sum += __builtin_shufflevector(sum, sum, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  sum += __builtin_shufflevector(sum, sum, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  const Four found = __builtin_shufflevector(sum, sum, 0, 4, 8, 12);
  std::memcpy(result, &found, sizeof found);
}
#else
FASTPHOTO_INLINE void apply_map(const Pack& map, const float* colour, float* result) {
  for (Index c = 0; c < enlarged_channels; ++c) {
    const float* const row = map.lane + 4 * c;
    result[c] = (row[0] * colour[0] + row[1] * colour[1]) + (row[2] * colour[2] + row[3]);
  }
}
#endif

FASTPHOTO_MULTIVERSION void apply_row(const EnlargedAxis& along, const float* maps, const float* colours,
                                      float* result) {
  Index x = 0;
  while (x < along.size()) {
    const Index at = along.first(x);
    Pack map;
    Pack next;
    load(maps + at * enlarged_map_numbers, map);
    load(maps + (at + 1) * enlarged_map_numbers, next);
    const Pack step = next - map;
    for (; x < along.size() && along.first(x) == at; ++x) {
      apply_map(map + along.share(x) * step, colours + 3 * x, result + enlarged_channels * x);
    }
  }
}

}  // namespace

EnlargedAxis::EnlargedAxis(Index small, Index large, Index step) {
  const double ratio = static_cast<double>(small) / static_cast<double>(large);
  for (Index i = 0; i < large; i += step) {
    const double at = std::clamp((static_cast<double>(i) + 0.5) * ratio - 0.5, 0.0, static_cast<double>(small - 1));
    const double first = std::floor(at);
    first_.push_back(static_cast<std::int32_t>(first));
    share_.push_back(static_cast<float>(at - first));
  }
}

EnlargedMaps::EnlargedMaps(const Image& maps, Index height, Index width, Index step)
    : maps_(maps), down_(maps.height(), height, step), along_(maps.width(), width, step) {}

void EnlargedMaps::apply(Index y, const float* colours, Scratch& scratch, float* result) const {
  const Index row_size = maps_.width() * enlarged_map_numbers;
  // One map more than there are pixels: behind the last one, which counts with a share of zero.
  scratch.maps.resize(static_cast<std::size_t>(row_size + enlarged_map_numbers));
  const float* const above = maps_.data() + down_.first(y) * row_size;
  const float* const below = down_.first(y) + 1 < maps_.height() ? above + row_size : above;
  blend_rows(above, below, down_.share(y), row_size, scratch.maps.data());
  std::copy_n(scratch.maps.data() + row_size - enlarged_map_numbers, enlarged_map_numbers,
              scratch.maps.data() + row_size);
  apply_row(along_, scratch.maps.data(), colours, result);
}

}  // namespace fastphoto
