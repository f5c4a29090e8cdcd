// SPDX-License-Identifier: Apache-2.0
//
// Crops, turns and scales the unknowns of a smoothing system row by row.
#include "solver/crop.h"

#include <vector>

namespace fastphoto {

void crop(Workers& workers, const SmoothingSystem& system, const Solution& u, Index channels, Index first,
          Image& image) {
  const Grid& grid = system.grid();
  const Index padding = system.padding();
  const Index row_step = image.channels() * (system.on_its_side() ? 1 : image.width());
  const Index pixel_step = image.channels() * (system.on_its_side() ? image.width() : 1);
  const std::vector<float>& column_roots = system.column_roots();
  const std::vector<float> zeros(static_cast<std::size_t>(grid.width));
  workers.run(grid.height - 2 * padding, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < channels; ++c) {
        const float of_row = system.row_roots()[static_cast<std::size_t>(row + padding)];
        float* to = image.data() + row * row_step + first + c;
        const auto fill = [&](const auto* from) {
          for (Index i = 0; i < grid.width - 2 * padding; ++i) {
            const auto root = static_cast<double>(of_row * column_roots[static_cast<std::size_t>(i + padding)]);
            to[i * pixel_step] = static_cast<float>(root * static_cast<double>(from[i + padding]));
          }
        };
        if (u.sum) {
          fill(u.sum->row(c, row + padding));
        } else if (u.single) {
          fill(u.single->row(c, row + padding));
        } else {
          fill(zeros.data());
        }
      }
    }
  });
}

}  // namespace fastphoto
