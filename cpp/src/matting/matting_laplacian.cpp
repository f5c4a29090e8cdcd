// SPDX-License-Identifier: Apache-2.0
//
// The matting Laplacian as a sparse matrix, row by row.
#include "fastphoto/matting_laplacian.h"

#include "base/check.h"
#include "base/read_rows.h"
#include "matting/affinity.h"
#include "matting/window_offsets.h"

namespace fastphoto {

namespace {

/// Positions along one axis that share a window with `position`, as [first, last]; empty without windows.
struct NeighbourRange {
  Index first;
  Index last;

  NeighbourRange(Index position, Index size, Index radius) {
    const WindowRange windows(position, size, radius);
    first = windows.count() > 0 ? windows.first - radius : 0;
    last = windows.count() > 0 ? windows.last + radius : -1;
  }

  Index count() const { return last - first + 1; }
};

/// Writes one matrix row: -W off the diagonal, their negative sum on it, so that the row sums to zero.
void fill_row(const Field<double>& affinity, Index radius, Index y, Index x, std::int64_t* column, double* value) {
  const Grid& grid = affinity.grid();
  const NeighbourRange rows(y, grid.height, radius);
  const NeighbourRange columns(x, grid.width, radius);
  double* diagonal = nullptr;
  double sum = 0.0;
  for (Index ny = rows.first; ny <= rows.last; ++ny) {
    for (Index nx = columns.first; nx <= columns.last; ++nx, ++column, ++value) {
      const Index dy = ny - y;
      const Index dx = nx - x;
      *column = ny * grid.width + nx;
      if (dy == 0 && dx == 0) {
        diagonal = value;
        continue;
      }
      const bool positive = dy > 0 || (dy == 0 && dx > 0);
      const double w = positive ? affinity.row(offset_index(dy, dx, radius), y)[x]
                                : affinity.row(offset_index(-dy, -dx, radius), ny)[nx];
      *value = -w;
      sum += w;
    }
  }
  if (diagonal != nullptr) {
    *diagonal = sum;
  }
}

}  // namespace

SparseMatrix matting_laplacian(const ImageView& image, const MattingOptions& options, Threads threads) {
  Workers workers(threads);
  require_matting_options(options);
  require_image(workers, image, "image", 3);
  const Index radius = options.radius;
  const Index pixels = image.pixels();

  Field<float> colors(Grid{image.height, image.width, 0}, 3);
  for (Index row = 0; row < image.height; ++row) {
    for (Index c = 0; c < 3; ++c) {
      read_row(image, c, row, 0, image.width, colors.row(c, row));
    }
  }
  Field<double> affinity(Grid{image.height, image.width, 2 * radius},
                         static_cast<Index>(positive_offsets(radius).size()));
  assemble_affinity(workers, colors, options, 1.0, affinity);

  SparseMatrix laplacian(pixels, pixels);
  std::int64_t* row_start = laplacian.outerIndexPtr();
  row_start[0] = 0;
  for (Index i = 0; i < pixels; ++i) {
    row_start[i + 1] = row_start[i] + NeighbourRange(i / image.width, image.height, radius).count() *
                                          NeighbourRange(i % image.width, image.width, radius).count();
  }
  laplacian.resizeNonZeros(row_start[pixels]);
  workers.run(image.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index i = begin * image.width; i < end * image.width; ++i) {
      fill_row(affinity, radius, i / image.width, i % image.width, laplacian.innerIndexPtr() + row_start[i],
               laplacian.valuePtr() + row_start[i]);
    }
  });
  return laplacian;
}

}  // namespace fastphoto
