// SPDX-License-Identifier: Apache-2.0
//
// A diagonal matrix on pixels that is nearly a product of a row and a column.
#pragma once

#include <utility>
#include <vector>

#include "base/field.h"
#include "base/multiversion.h"

namespace fastphoto {

/// One positive number for each pixel: rows[y] * columns[x], times a weight of its own where there are weights.
class PixelDiagonal {
 public:
  PixelDiagonal(std::vector<float> rows, std::vector<float> columns, std::vector<float> weights = {})
      : rows_(std::move(rows)), columns_(std::move(columns)), weights_(std::move(weights)) {}

  Index height() const { return static_cast<Index>(rows_.size()); }
  Index width() const { return static_cast<Index>(columns_.size()); }

  /// Whether two rows have the same numbers, as nearly all have without weights.
  bool same(Index row, Index other) const {
    return weights_.empty() && rows_[static_cast<std::size_t>(row)] == rows_[static_cast<std::size_t>(other)];
  }

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

/// The numbers of one row after the other, padded with zeros. They are read only when they change. One object for each
/// task.
class PixelDiagonalRow {
 public:
  explicit PixelDiagonalRow(const PixelDiagonal& diagonal)
      : diagonal_(diagonal), numbers_(static_cast<std::size_t>(padded_to_packs(diagonal.width()))) {}

  /// Reads the row's numbers if they differ from the numbers of the row before. Returns whether they do.
  bool turn_to(Index row) {
    if (row_ >= 0 && (row == row_ || diagonal_.same(row, row_))) {
      return false;
    }
    row_ = row;
    diagonal_.read(row, 0, diagonal_.width(), numbers_.data());
    return true;
  }
  float* numbers() { return numbers_.data(); }

 private:
  const PixelDiagonal& diagonal_;
  Index row_ = -1;
  std::vector<float> numbers_;
};

}  // namespace fastphoto
