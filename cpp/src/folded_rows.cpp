// SPDX-License-Identifier: Apache-2.0
#include "folded_rows.h"

#include <algorithm>

#include "multiversion.h"

namespace fastphoto {

namespace {

constexpr Index tile = 4;

/// to[b * to_step + a] = from[a * from_step + b] for a tile.
#if defined(__GNUC__)
using Quad = float __attribute__((vector_size(tile * sizeof(float))));

FASTPHOTO_INLINE void load(const float* from, Quad& quad) { std::memcpy(&quad, from, sizeof quad); }
FASTPHOTO_INLINE void store(const Quad& quad, float* to) { std::memcpy(to, &quad, sizeof quad); }

FASTPHOTO_INLINE void transpose_tile(const float* from, Index from_step, float* to, Index to_step) {
  Quad a;
  Quad b;
  Quad c;
  Quad d;
  load(from, a);
  load(from + from_step, b);
  load(from + 2 * from_step, c);
  load(from + 3 * from_step, d);
  const Quad ab_low = {a[0], b[0], a[1], b[1]};
  const Quad ab_high = {a[2], b[2], a[3], b[3]};
  const Quad cd_low = {c[0], d[0], c[1], d[1]};
  const Quad cd_high = {c[2], d[2], c[3], d[3]};
  store(Quad{ab_low[0], ab_low[1], cd_low[0], cd_low[1]}, to);
  store(Quad{ab_low[2], ab_low[3], cd_low[2], cd_low[3]}, to + to_step);
  store(Quad{ab_high[0], ab_high[1], cd_high[0], cd_high[1]}, to + 2 * to_step);
  store(Quad{ab_high[2], ab_high[3], cd_high[2], cd_high[3]}, to + 3 * to_step);
}
#else
FASTPHOTO_INLINE void transpose_tile(const float* from, Index from_step, float* to, Index to_step) {
  for (Index a = 0; a < tile; ++a) {
    for (Index b = 0; b < tile; ++b) {
      to[b * to_step + a] = from[a * from_step + b];
    }
  }
}
#endif

/// Calls body(sample) with the first samples of tiles that cover the segments; the last tile may overlap the one
/// before.
template <class Body>
FASTPHOTO_INLINE void for_each_tile(Index length, const Body& body) {
  for (Index sample = 0; sample < length; sample += tile) {
    body(std::min(sample, length - tile));
  }
}

}  // namespace

void close_folded_row(float* row, Index length, Index channels) {
  for (Index c = 0; c < channels; ++c) {
    const float* const first = row + c * pack_size;
    float* const before = row + (c - channels) * pack_size;
    float* const behind = row + (length * channels + c) * pack_size;
    const float* const last = behind - channels * pack_size;
    before[0] = 0.0F;
    std::memcpy(before + 1, last, (pack_size - 1) * sizeof(float));
    std::memcpy(behind, first + 1, (pack_size - 1) * sizeof(float));
    behind[pack_size - 1] = 0.0F;
  }
}

FASTPHOTO_MULTIVERSION void fold_row(const float* from, Index length, float* to, Index pack_step) {
  if (length < tile) {
    for (Index segment = 0; segment < pack_size; ++segment) {
      for (Index sample = 0; sample < length; ++sample) {
        to[sample * pack_step + segment] = from[segment * length + sample];
      }
    }
    return;
  }
  for_each_tile(length, [&](Index sample) FASTPHOTO_INLINE_LAMBDA {
    for (Index segment = 0; segment < pack_size; segment += tile) {
      transpose_tile(from + segment * length + sample, length, to + sample * pack_step + segment, pack_step);
    }
  });
}

FASTPHOTO_MULTIVERSION void unfold_row(const float* from, Index pack_step, Index length, float* to) {
  if (length < tile) {
    for (Index segment = 0; segment < pack_size; ++segment) {
      for (Index sample = 0; sample < length; ++sample) {
        to[segment * length + sample] = from[sample * pack_step + segment];
      }
    }
    return;
  }
  for_each_tile(length, [&](Index sample) FASTPHOTO_INLINE_LAMBDA {
    for (Index segment = 0; segment < pack_size; segment += tile) {
      transpose_tile(from + sample * pack_step + segment, pack_step, to + segment * length + sample, length);
    }
  });
}

}  // namespace fastphoto
