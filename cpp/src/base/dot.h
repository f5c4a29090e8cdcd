// SPDX-License-Identifier: Apache-2.0
//
// Dot products in float64 whose result does not depend on the instruction set.
#pragma once

#include "base/multiversion.h"
#include "fastphoto/image.h"

namespace fastphoto {

/// Sum of element(i) over [0, count) in float64, in interleaved partial sums: that is what lets the compiler
/// vectorise it without being allowed to reorder, so the result does not depend on the instruction set's width, and
/// keeps several additions under way.
template <class Element>
FASTPHOTO_INLINE double sum_in_lanes(Index count, Element element) {
  constexpr Index lanes = 32;
  double partial[lanes] = {};
  Index i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (Index k = 0; k < lanes; ++k) {
      partial[k] += element(i + k);
    }
  }
  for (Index k = 0; i < count; ++i, ++k) {
    partial[k] += element(i);
  }
  for (Index half = lanes / 2; half > 0; half /= 2) {
    for (Index k = 0; k < half; ++k) {
      partial[k] += partial[k + half];
    }
  }
  return partial[0];
}

/// a . b of two rows, the same way.
FASTPHOTO_INLINE double dot_in_lanes(const float* a, const float* b, Index count) {
  return sum_in_lanes(count, [&](Index i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

/// The same for callers outside multiversioned functions.
double dot_row(const float* a, const float* b, Index count);

}  // namespace fastphoto
