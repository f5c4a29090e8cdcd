// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/field.h"

namespace fastphoto {

/// Numbers in [-1, 1), the same on every platform.
struct Numbers {
  std::uint32_t state = 1;

  float next() {
    state = state * 1664525U + 1013904223U;
    return static_cast<float>(state >> 8) / 8388608.0F - 1.0F;
  }
};

inline void fill_random(Field<float>& field, Numbers& random) {
  for (Index c = 0; c < field.channels(); ++c) {
    for (Index row = 0; row < field.grid().height; ++row) {
      for (Index i = 0; i < field.grid().width; ++i) {
        field.row(c, row)[i] = random.next();
      }
    }
  }
}

inline double largest(const Field<float>& field) {
  double most = 0.0;
  for (Index c = 0; c < field.channels(); ++c) {
    for (Index row = 0; row < field.grid().height; ++row) {
      for (Index i = 0; i < field.grid().width; ++i) {
        most = std::max(most, std::abs(static_cast<double>(field.row(c, row)[i])));
      }
    }
  }
  return most;
}

}  // namespace fastphoto
