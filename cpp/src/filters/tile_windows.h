// SPDX-License-Identifier: Apache-2.0
//
// What filters share whose windows are wide: planes of a photo, and the walk over the windows of a tile of pixels.
#pragma once

#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "base/read_rows.h"
#include "fastphoto/image.h"

namespace fastphoto {

inline constexpr Index tile = 64;  // pixels of one row treated together: all sums stay in the first-level cache

/// Rows of one or more planes of the same size, without gaps.
struct Planes {
  Index height;
  Index width;
  std::vector<float> samples;

  Planes(Index rows, Index columns, Index count)
      : height(rows), width(columns), samples(static_cast<std::size_t>(rows * columns * count)) {}

  float* at(Index plane, Index row, Index column) { return samples.data() + (plane * height + row) * width + column; }
  const float* at(Index plane, Index row, Index column) const {
    return samples.data() + (plane * height + row) * width + column;
  }
};

inline Planes planes_of(Workers& workers, const ImageView& view) {
  Planes planes(view.height, view.width, view.channels);
  workers.run(view.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index c = 0; c < view.channels; ++c) {
      read_samples(view, c, begin * view.width, end * view.width, planes.at(c, begin, 0));
    }
  });
  return planes;
}

/// Pixels of the row `row` that begin at `column`.
struct Tile {
  Index row;
  Index column;
  Index count;
};

/// Calls visit(y, dx, first, last) for every offset of the pixels' windows: of the pixels first .. last - 1 the
/// neighbour in row y, dx columns away, lies inside the image. Calls row_done() after each row of the windows.
template <class Visit, class RowDone>
void visit_windows(const Planes& image, const Tile& pixels, Index radius, const Visit& visit, const RowDone& row_done) {
  const Index top = std::max<Index>(0, pixels.row - radius);
  const Index bottom = std::min(image.height - 1, pixels.row + radius);
  for (Index y = top; y <= bottom; ++y) {
    for (Index dx = -radius; dx <= radius; ++dx) {
      const Index first = std::max<Index>(0, -(pixels.column + dx));
      const Index last = std::min(pixels.count, image.width - (pixels.column + dx));
      if (first < last) {
        visit(y, dx, first, last);
      }
    }
    row_done();
  }
}

}  // namespace fastphoto
