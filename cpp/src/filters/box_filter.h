// SPDX-License-Identifier: Apache-2.0
//
// Sums over square windows.
#pragma once

#include <algorithm>
#include <vector>

#include "base/multiversion.h"
#include "base/parallel.h"
#include "fastphoto/image.h"

namespace fastphoto {

/// to[k] += plus[k] - minus[k], where either may be missing.
void add_numbers(Index count, const double* plus, const double* minus, double* to);

/// Running sums along a row of interleaved numbers: out[x] = sum of columns [x - radius, x + radius], clipped.
void sum_along_row(const double* columns, Index width, Index numbers, Index radius, double* out);

/// Window sums of `numbers` float64 values per pixel, windows clipped at the border, in time independent of the radius.
///
/// fill(row, out) writes width x numbers values of one row; it is called when the row enters the running vertical sums
/// and again when it leaves them, which is cheaper than keeping them. use(row, sums, rows_in_window) receives
/// width x numbers sums. Strips have a fixed height, so sums are the same for every number of threads.
template <class Fill, class Use>
void box_filter(Workers& workers, Index height, Index width, Index numbers, Index radius, Fill fill, Use use) {
  const Index strip = std::max<Index>(128, 4 * (2 * radius + 1));
  const auto size = static_cast<std::size_t>(width * numbers);
  const Index row_size = width * numbers;
  workers.run(height, strip, [&](Index begin, Index end) {
    std::vector<double> columns(size);
    std::vector<double> entering(size);
    std::vector<double> leaving(size);
    for (Index row = std::max<Index>(0, begin - radius); row < std::min(height, begin + radius); ++row) {
      fill(row, entering.data());
      add_numbers(row_size, entering.data(), nullptr, columns.data());
    }
    std::vector<double> sums(size);
    for (Index row = begin; row < end; ++row) {
      const bool enters = row + radius < height;
      const bool leaves = row > begin && row - radius - 1 >= 0;
      if (enters) {
        fill(row + radius, entering.data());
      }
      if (leaves) {
        fill(row - radius - 1, leaving.data());
      }
      add_numbers(row_size, enters ? entering.data() : nullptr, leaves ? leaving.data() : nullptr, columns.data());
      sum_along_row(columns.data(), width, numbers, radius, sums.data());
      use(row, sums.data(), std::min(height - 1, row + radius) - std::max<Index>(0, row - radius) + 1);
    }
  });
}

}  // namespace fastphoto
