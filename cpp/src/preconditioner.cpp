// SPDX-License-Identifier: Apache-2.0
#include "preconditioner.h"

#include <algorithm>

#include "dot.h"

namespace fastphoto {

namespace {

std::vector<float> inverses(const std::vector<float>& numbers) {
  std::vector<float> result(numbers.size());
  std::transform(numbers.begin(), numbers.end(), result.begin(), [](float v) { return 1.0F / v; });
  return result;
}

FASTPHOTO_MULTIVERSION double scale_row(float factor, const float* factors, const float* r, Index count, float* z) {
  for (Index i = 0; i < count; ++i) {
    z[i] = factor * factors[i] * r[i];
  }
  return sum_in_lanes(count, [&](Index i) { return static_cast<double>(r[i]) * static_cast<double>(z[i]); });
}

}  // namespace

DiagonalPreconditioner::DiagonalPreconditioner(const std::vector<float>& rows, const std::vector<float>& columns)
    : inverse_rows_(inverses(rows)), inverse_columns_(inverses(columns)) {}

PerChannel DiagonalPreconditioner::apply(Workers& workers, const Field<float>& r, Field<float>& z) const {
  const Grid& grid = r.grid();
  RowSums dots(grid.height, r.channels());
  workers.run(grid.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < r.channels(); ++c) {
        dots.at(row, c) = scale_row(inverse_rows_[static_cast<std::size_t>(row)], inverse_columns_.data(),
                                    r.row(c, row), grid.width, z.row(c, row));
      }
    }
  });
  return dots.total();
}

}  // namespace fastphoto
