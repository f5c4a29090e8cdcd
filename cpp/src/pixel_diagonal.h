// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "grid.h"
#include "multiversion.h"

namespace fastphoto {

/// One positive number for each pixel: rows[y] * columns[x], times a weight of its own where there are weights.
class PixelDiagonal {
 public:
  PixelDiagonal(std::vector<float> rows, std::vector<float> columns, std::vector<float> weights = {})
      : rows_(std::move(rows)), columns_(std::move(columns)), weights_(std::move(weights)) {}

  Index height() const { return static_cast<Index>(rows_.size()); }
  Index width() const { return static_cast<Index>(columns_.size()); }

  /// The numbers of `count` pixels of one row.
  FASTPHOTO_INLINE void read(Index row, Index column, Index count, float* FASTPHOTO_RESTRICT out) const {
    const float factor = rows_[static_cast<std::size_t>(row)];
    const float* factors = columns_.data() + column;
    for (Index i = 0; i < count; ++i) {
      out[i] = factor * factors[i];
    }
    if (!weights_.empty()) {
      const float* weights = weights_.data() + row * width() + column;
      for (Index i = 0; i < count; ++i) {
        out[i] *= weights[i];
      }
    }
  }

 private:
  std::vector<float> rows_;
  std::vector<float> columns_;
  std::vector<float> weights_;  // row-major; empty = all one
};

}  // namespace fastphoto
