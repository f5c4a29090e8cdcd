// SPDX-License-Identifier: Apache-2.0
//
// Folds and unfolds rows by transposing them.
#include "multigrid/folded_rows.h"

#include <algorithm>

#include "base/multiversion.h"
#include "base/pack.h"

namespace fastphoto {

namespace {

constexpr Index tile = 4;

/// to[b * to_step + a] = from[a * from_step + b] for a tile.
#if defined(__GNUC__)
using Quad = float __attribute__((vector_size(tile * sizeof(float))));

FASTPHOTO_INLINE void load_quad(const float* from, Quad& quad) { std::memcpy(&quad, from, sizeof quad); }
FASTPHOTO_INLINE void store_quad(const Quad& quad, float* to) { std::memcpy(to, &quad, sizeof quad); }

FASTPHOTO_INLINE void transpose_tile(const float* from, Index from_step, float* to, Index to_step) {
  Quad a;
  Quad b;
  Quad c;
  Quad d;
  load_quad(from, a);
  load_quad(from + from_step, b);
  load_quad(from + 2 * from_step, c);
  load_quad(from + 3 * from_step, d);
  const Quad ab_low = {a[0], b[0], a[1], b[1]};
  const Quad ab_high = {a[2], b[2], a[3], b[3]};
  const Quad cd_low = {c[0], d[0], c[1], d[1]};
  const Quad cd_high = {c[2], d[2], c[3], d[3]};
  store_quad(Quad{ab_low[0], ab_low[1], cd_low[0], cd_low[1]}, to);
  store_quad(Quad{ab_low[2], ab_low[3], cd_low[2], cd_low[3]}, to + to_step);
  store_quad(Quad{ab_high[0], ab_high[1], cd_high[0], cd_high[1]}, to + 2 * to_step);
  store_quad(Quad{ab_high[2], ab_high[3], cd_high[2], cd_high[3]}, to + 3 * to_step);
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

/// Cuts `count` samples into tiles of `side` and calls body(first sample) for each. The last tile may overlap the one
/// before it.
template <Index side, class Body>
FASTPHOTO_INLINE void for_each_tile(Index count, const Body& body) {
  for (Index first = 0; first < count; first += side) {
    body(std::min(first, std::max<Index>(0, count - side)));
  }
}

/// to[b * to_step + a] = from[a * from_step + b] for a < rows and b < columns.
FASTPHOTO_INLINE void transpose(const float* from, Index from_step, Index rows, Index columns, float* to,
                                Index to_step) {
  if (rows < tile || columns < tile) {
    for (Index a = 0; a < rows; ++a) {
      for (Index b = 0; b < columns; ++b) {
        to[b * to_step + a] = from[a * from_step + b];
      }
    }
    return;
  }
  for_each_tile<tile>(rows, [&](Index a) FASTPHOTO_INLINE_LAMBDA {
    for_each_tile<tile>(columns, [&](Index b) FASTPHOTO_INLINE_LAMBDA {
      transpose_tile(from + a * from_step + b, from_step, to + b * to_step + a, to_step);
    });
  });
}

#ifdef FASTPHOTO_HAS_VERSIONS
/// One step of a transposition: cuts the square of samples into blocks of `distance` packs and samples, and swaps the
/// two off-diagonal blocks of every four.
template <Index distance>
FASTPHOTO_INLINE void exchange(Pack (&packs)[pack_size]) {
  constexpr int d = distance;
  const LaneNumbers lane = lane_numbers;
  const LaneNumbers upper = (lane & d) != 0;  // all bits set where true
  const LaneNumbers low = (upper & (lane + int{pack_size} - d)) | (~upper & lane);
  const LaneNumbers high = (upper & (lane + int{pack_size})) | (~upper & (lane + d));
  unrolled<pack_size>([&](auto i) FASTPHOTO_INLINE_LAMBDA {
    if constexpr ((i & distance) == 0) {
      const Pack first = packs[i];
      const Pack second = packs[i + distance];
      packs[i] = __builtin_shuffle(first, second, low);
      packs[i + distance] = __builtin_shuffle(first, second, high);
    }
  });
}

FASTPHOTO_INLINE void transpose_packs(Pack (&packs)[pack_size]) {
  exchange<8>(packs);
  exchange<4>(packs);
  exchange<2>(packs);
  exchange<1>(packs);
}
#endif

template <Index lanes>
FASTPHOTO_INLINE void fold_segments(const float* from, Index length, float* to, Index pack_step) {
#ifdef FASTPHOTO_HAS_VERSIONS
  if constexpr (lanes == pack_size) {
    for_each_tile<pack_size>(length, [&](Index sample) FASTPHOTO_INLINE_LAMBDA {
      Pack packs[pack_size];  // of short segments, with what follows them
      unrolled<pack_size>([&](auto l) FASTPHOTO_INLINE_LAMBDA { load(from + l * length + sample, packs[l]); });
      transpose_packs(packs);
      unrolled<pack_size>([&](auto k) FASTPHOTO_INLINE_LAMBDA {
        if (k < length) {
          store(packs[k], to + (sample + k) * pack_step);
        }
      });
    });
    return;
  }
#endif
  transpose(from, length, pack_size, length, to, pack_step);
}

template <Index lanes>
FASTPHOTO_INLINE void unfold_segments(const float* from, Index pack_step, Index length, float* to) {
#ifdef FASTPHOTO_HAS_VERSIONS
  if constexpr (lanes == pack_size) {
    for_each_tile<pack_size>(length, [&](Index sample) FASTPHOTO_INLINE_LAMBDA {
      Pack packs[pack_size] = {};
      unrolled<pack_size>([&](auto k) FASTPHOTO_INLINE_LAMBDA {
        if (k < length) {
          load(from + (sample + k) * pack_step, packs[k]);
        }
      });
      transpose_packs(packs);
      // What follows a short segment in its pack is written over by the next one; behind the last it is zero.
      unrolled<pack_size>([&](auto l) FASTPHOTO_INLINE_LAMBDA { store(packs[l], to + l * length + sample); });
    });
    return;
  }
#endif
  transpose(from, pack_step, length, pack_size, to, length);
}

FASTPHOTO_BY_LANES(void fold, (const float* from, Index length, float* to, Index pack_step), fold_segments,
                   (from, length, to, pack_step))
FASTPHOTO_BY_LANES(void unfold, (const float* from, Index pack_step, Index length, float* to), unfold_segments,
                   (from, pack_step, length, to))

}  // namespace

void fold_row(const Field<float>& from, Index from_row, FoldedRows<float>& to, Index to_row) {
  float* const packs = to.row(to_row);
  for (Index c = 0; c < to.channels(); ++c) {
    fold(from.row(c, from_row), to.length(), packs + c * pack_size, to.pack_step());
  }
  close_before(packs, to.length(), to.channels());
  close_behind(packs, to.length(), to.channels());
}

void unfold_row(const FoldedRows<float>& from, Index from_row, Field<float>& to, Index to_row) {
  for (Index c = 0; c < from.channels(); ++c) {
    unfold(from.row(from_row) + c * pack_size, from.pack_step(), from.length(), to.row(c, to_row));
  }
}

}  // namespace fastphoto
