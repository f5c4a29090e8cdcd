// SPDX-License-Identifier: Apache-2.0
#include "stencil.h"

#include <algorithm>
#include <utility>

#include "dot.h"
#include "multiversion.h"
#include "windows.h"

namespace fastphoto {

namespace {

constexpr Index tile = 128;  // samples of one row treated together: sums stay in the first-level cache

struct Neighbours {
  const float* coefficients;  // of the first offset, at the tile's first pixel
  Index plane;                // samples from one offset's coefficients to the next
  const Index* steps;
  Index count;
};

/// sums[i] += the off-diagonal part of A x for `count` pixels of one row. Offsets are taken by fours, which keeps sums
/// in registers three times as long; their number, 4 r (2 r + 1), is always a multiple of four.
template <class T>
FASTPHOTO_INLINE void add_differences(const Neighbours& neighbours, const T* x, Index count,
                                      T* FASTPHOTO_RESTRICT sums) {
  constexpr Index group = 4;
  for (Index k = 0; k < neighbours.count; k += group) {
    const float* forward[group];
    const float* backward[group];
    const T* ahead[group];
    const T* behind[group];
    for (Index j = 0; j < group; ++j) {
      const Index step = neighbours.steps[k + j];
      forward[j] = neighbours.coefficients + (k + j) * neighbours.plane;
      backward[j] = forward[j] - step;
      ahead[j] = x + step;
      behind[j] = x - step;
    }
    for (Index i = 0; i < count; ++i) {
      T sum = sums[i];
      for (Index j = 0; j < group; ++j) {
        sum += static_cast<T>(forward[j][i]) * (x[i] - ahead[j][i]) +
               static_cast<T>(backward[j][i]) * (x[i] - behind[j][i]);
      }
      sums[i] = sum;
    }
  }
}

/// y = A x on a tile; returns x . y.
FASTPHOTO_MULTIVERSION double apply_tile(const Neighbours& neighbours, float diagonal_row,
                                         const float* diagonal_columns, const float* x, Index count, float* y) {
  float sums[tile] = {};
  for (Index i = 0; i < count; ++i) {
    sums[i] = diagonal_row * diagonal_columns[i] * x[i];
  }
  add_differences(neighbours, x, count, sums);
  std::copy(sums, sums + count, y);
  return sum_in_lanes(count, [&](Index i) { return static_cast<double>(x[i]) * static_cast<double>(sums[i]); });
}

/// r = b - A x on a tile; returns r . r.
FASTPHOTO_MULTIVERSION double residual_tile(const Neighbours& neighbours, float diagonal_row,
                                            const float* diagonal_columns, const float* b, const double* x, Index count,
                                            float* r) {
  double sums[tile] = {};
  for (Index i = 0; i < count; ++i) {
    sums[i] = static_cast<double>(diagonal_row * diagonal_columns[i]) * x[i];
  }
  add_differences(neighbours, x, count, sums);
  for (Index i = 0; i < count; ++i) {
    r[i] = static_cast<float>(static_cast<double>(b[i]) - sums[i]);
  }
  return sum_in_lanes(count, [&](Index i) { return static_cast<double>(r[i]) * static_cast<double>(r[i]); });
}

}  // namespace

StencilOperator::StencilOperator(Field<float> coefficients, Index radius, std::vector<float> diagonal_rows,
                                 std::vector<float> diagonal_columns)
    : coefficients_(std::move(coefficients)),
      diagonal_rows_(std::move(diagonal_rows)),
      diagonal_columns_(std::move(diagonal_columns)) {
  for (const NeighbourOffset& offset : positive_offsets(radius)) {
    steps_.push_back(offset.dy * grid().stride() + offset.dx);
  }
}

PerChannel StencilOperator::apply(Workers& workers, const Field<float>& x, Field<float>& y) const {
  RowSums dots(grid().height, x.channels());
  workers.run(grid().height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index column = 0; column < grid().width; column += tile) {
        const Index count = std::min(tile, grid().width - column);
        const Neighbours neighbours{coefficients_.row(0, row) + column, coefficients_.plane(), steps_.data(),
                                    static_cast<Index>(steps_.size())};
        for (Index c = 0; c < x.channels(); ++c) {  // all channels share the coefficients while they are in cache
          dots.at(row, c) +=
              apply_tile(neighbours, diagonal_rows_[static_cast<std::size_t>(row)], diagonal_columns_.data() + column,
                         x.row(c, row) + column, count, y.row(c, row) + column);
        }
      }
    }
  });
  return dots.total();
}

PerChannel StencilOperator::residual(Workers& workers, const FillRow& b, const Field<double>& x,
                                     Field<float>& r) const {
  RowSums squares(grid().height, x.channels());
  workers.run(grid().height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> b_row(static_cast<std::size_t>(grid().width));
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < x.channels(); ++c) {
        b(c, row, b_row.data());
        for (Index column = 0; column < grid().width; column += tile) {
          const Index count = std::min(tile, grid().width - column);
          const Neighbours neighbours{coefficients_.row(0, row) + column, coefficients_.plane(), steps_.data(),
                                      static_cast<Index>(steps_.size())};
          squares.at(row, c) += residual_tile(neighbours, diagonal_rows_[static_cast<std::size_t>(row)],
                                              diagonal_columns_.data() + column, b_row.data() + column,
                                              x.row(c, row) + column, count, r.row(c, row) + column);
        }
      }
    }
  });
  return squares.total();
}

}  // namespace fastphoto
