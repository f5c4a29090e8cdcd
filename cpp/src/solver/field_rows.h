// SPDX-License-Identifier: Apache-2.0
//
// Runs through the rows and channels of a field, and finds the largest number of a row.
#pragma once

#include <algorithm>

#include "base/field.h"
#include "base/multiversion.h"
#include "base/parallel.h"

namespace fastphoto {

/// Calls body(row, channel) for all rows and channels.
template <class Body>
void for_each_row(Workers& workers, const Grid& grid, Index channels, Body body) {
  workers.run(grid.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < channels; ++c) {
        body(row, c);
      }
    }
  });
}

/// Running largest sizes, a pack of them, which the compiler can keep in registers. Numbers that are not finite may or
/// may not be found.
struct Largest {
  float lanes[pack_size] = {};

  FASTPHOTO_INLINE void take(Index lane, float value) {
    const float size = value < 0.0F ? -value : value;
    lanes[lane] = size > lanes[lane] ? size : lanes[lane];
  }
  float of_all() const { return *std::max_element(lanes, lanes + pack_size); }
};

}  // namespace fastphoto
