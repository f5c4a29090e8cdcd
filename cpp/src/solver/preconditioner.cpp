// SPDX-License-Identifier: Apache-2.0
//
// Divides a residual by the diagonal.
#include "solver/preconditioner.h"

#include <algorithm>

#include "base/dot.h"

namespace fastphoto {

namespace {

constexpr Index tile = 128;

FASTPHOTO_MULTIVERSION double divide_tile(const PixelDiagonal& diagonal, Index row, Index column, Index count,
                                          const float* r, float* z) {
  float numbers[tile];
  diagonal.read(row, column, count, numbers);
  for (Index i = 0; i < count; ++i) {
    z[i] = r[i] / numbers[i];
  }
  return dot_in_lanes(r, z, count);
}

}  // namespace

PerChannel DiagonalPreconditioner::apply(Workers& workers, const Field<float>& r, Field<float>& z) {
  const Grid& grid = r.grid();
  RowSums dots(grid.height, r.channels());
  workers.run(grid.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < r.channels(); ++c) {
        for (Index column = 0; column < grid.width; column += tile) {
          dots.at(row, c) += divide_tile(diagonal_, row, column, std::min(tile, grid.width - column),
                                         r.row(c, row) + column, z.row(c, row) + column);
        }
      }
    }
  });
  return dots.total();
}

}  // namespace fastphoto
