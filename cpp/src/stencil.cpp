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

/// sums[i] += the part of A x that `group` offsets from `first` on give, for `count` pixels of one row.
template <Index group, class T>
FASTPHOTO_INLINE void add_group(const Neighbours& neighbours, Index first, const T* x, Index count,
                                T* FASTPHOTO_RESTRICT sums) {
  const float* forward[group];
  const float* backward[group];
  const T* ahead[group];
  const T* behind[group];
  for (Index j = 0; j < group; ++j) {
    const Index step = neighbours.steps[first + j];
    forward[j] = neighbours.coefficients + (first + j) * neighbours.plane;
    backward[j] = forward[j] - step;
    ahead[j] = x + step;
    behind[j] = x - step;
  }
  for (Index i = 0; i < count; ++i) {
    T sum = sums[i];
    for (Index j = 0; j < group; ++j) {
      sum +=
          static_cast<T>(forward[j][i]) * (x[i] - ahead[j][i]) + static_cast<T>(backward[j][i]) * (x[i] - behind[j][i]);
    }
    sums[i] = sum;
  }
}

/// sums[i] += the off-diagonal part of A x. Offsets are taken by sixes, which was fastest of all groups that divide
/// twelve; their number, 4 r (2 r + 1), leaves none or four.
template <class T>
FASTPHOTO_INLINE void add_differences(const Neighbours& neighbours, const T* x, Index count,
                                      T* FASTPHOTO_RESTRICT sums) {
  Index first = 0;
  for (; first + 6 <= neighbours.count; first += 6) {
    add_group<6>(neighbours, first, x, count, sums);
  }
  if (first < neighbours.count) {
    add_group<4>(neighbours, first, x, count, sums);
  }
}

/// y = A x on a tile; returns x . y.
FASTPHOTO_MULTIVERSION double apply_tile(const Neighbours& neighbours, const float* diagonal, const float* x,
                                         Index count, float* y) {
  float sums[tile] = {};
  for (Index i = 0; i < count; ++i) {
    sums[i] = diagonal[i] * x[i];
  }
  add_differences(neighbours, x, count, sums);
  std::copy(sums, sums + count, y);
  return sum_in_lanes(count, [&](Index i) { return static_cast<double>(x[i]) * static_cast<double>(sums[i]); });
}

/// t = r - A x on a tile.
FASTPHOTO_MULTIVERSION void subtract_tile(const Neighbours& neighbours, const float* diagonal, const float* r,
                                          const float* x, Index count, float* t) {
  float sums[tile] = {};
  for (Index i = 0; i < count; ++i) {
    sums[i] = diagonal[i] * x[i];
  }
  add_differences(neighbours, x, count, sums);
  for (Index i = 0; i < count; ++i) {
    t[i] = r[i] - sums[i];
  }
}

/// y = x + factor / divisors (r - A x) on a tile; returns r . y.
FASTPHOTO_MULTIVERSION double relax_tile(const Neighbours& neighbours, const float* diagonal, float factor,
                                         const float* divisors, const float* r, const float* x, Index count, float* y) {
  float sums[tile] = {};
  for (Index i = 0; i < count; ++i) {
    sums[i] = diagonal[i] * x[i];
  }
  add_differences(neighbours, x, count, sums);
  for (Index i = 0; i < count; ++i) {
    sums[i] = x[i] + factor / divisors[i] * (r[i] - sums[i]);
  }
  std::copy(sums, sums + count, y);
  return sum_in_lanes(count, [&](Index i) { return static_cast<double>(r[i]) * static_cast<double>(sums[i]); });
}

/// r = b - A x on a tile; returns r . r.
FASTPHOTO_MULTIVERSION double residual_tile(const Neighbours& neighbours, const float* diagonal, const float* b,
                                            const double* x, Index count, float* r) {
  double sums[tile] = {};
  for (Index i = 0; i < count; ++i) {
    sums[i] = static_cast<double>(diagonal[i]) * x[i];
  }
  add_differences(neighbours, x, count, sums);
  for (Index i = 0; i < count; ++i) {
    r[i] = static_cast<float>(static_cast<double>(b[i]) - sums[i]);
  }
  return sum_in_lanes(count, [&](Index i) { return static_cast<double>(r[i]) * static_cast<double>(r[i]); });
}

}  // namespace

StencilOperator::StencilOperator(Field<float> coefficients, Index radius, PixelDiagonal diagonal)
    : coefficients_(std::move(coefficients)), diagonal_(std::move(diagonal)) {
  for (const NeighbourOffset& offset : positive_offsets(radius)) {
    steps_.push_back(offset.dy * grid().stride() + offset.dx);
  }
}

template <class Body>
void StencilOperator::for_each_tile(Workers& workers, Body body) const {
  workers.run(grid().height, rows_per_chunk, [&](Index begin, Index end) {
    float diagonal[tile];
    for (Index row = begin; row < end; ++row) {
      for (Index column = 0; column < grid().width; column += tile) {
        const Index count = std::min(tile, grid().width - column);
        diagonal_.read(row, column, count, diagonal);
        body(Neighbours{coefficients_.row(0, row) + column, coefficients_.plane(), steps_.data(),
                        static_cast<Index>(steps_.size())},
             diagonal, row, column, count);
      }
    }
  });
}

// All channels share the coefficients of a tile while they are in cache.

PerChannel StencilOperator::apply(Workers& workers, const Field<float>& x, Field<float>& y) const {
  RowSums dots(grid().height, x.channels());
  for_each_tile(workers, [&](const Neighbours& near, const float* diagonal, Index row, Index column, Index count) {
    for (Index c = 0; c < x.channels(); ++c) {
      dots.at(row, c) += apply_tile(near, diagonal, x.row(c, row) + column, count, y.row(c, row) + column);
    }
  });
  return dots.total();
}

namespace {

/// z = factor / divisors r on a tile.
FASTPHOTO_MULTIVERSION void start_tile(float factor, const float* divisors, const float* r, Index count, float* z) {
  for (Index i = 0; i < count; ++i) {
    z[i] = factor / divisors[i] * r[i];
  }
}

// Rows of one chunk of smooth(): large against the rows that it computes again of its neighbours.
constexpr Index smooth_rows = 64;

}  // namespace

template <class Body>
void StencilOperator::for_each_tile_of(Index row, const PixelDiagonal& divisors, Body body) const {
  float diagonal[tile];
  float numbers[tile];
  for (Index column = 0; column < grid().width; column += tile) {
    const Index count = std::min(tile, grid().width - column);
    diagonal_.read(row, column, count, diagonal);
    divisors.read(row, column, count, numbers);
    body(Neighbours{coefficients_.row(0, row) + column, coefficients_.plane(), steps_.data(),
                    static_cast<Index>(steps_.size())},
         diagonal, numbers, column, count);
  }
}

/// Calls body(pass, row) for every pass over the rows of a chunk, pass `p` on margins that shrink to nothing with the
/// last one, in an order in which the reach of the pass before is done and the fewest rows lie in between.
template <class Body>
void StencilOperator::for_each_pass(Index begin, Index end, Index passes, Body body) const {
  const Index reach = grid().halo;
  const Index margin = reach * (passes - 1);
  for (Index front = begin - margin; front < end + margin; ++front) {
    for (Index pass = 0; pass < passes; ++pass) {
      const Index row = front - reach * pass;
      const Index extra = margin - reach * pass;
      if (row >= std::max<Index>(0, begin - extra) && row < std::min(grid().height, end + extra)) {
        body(pass, row);
      }
    }
  }
}

PerChannel StencilOperator::smooth(Workers& workers, const std::vector<float>& factors, const PixelDiagonal& divisors,
                                   const Field<float>& r, const Field<float>& x, Field<float>& y) const {
  const Index channels = x.channels();
  const auto steps = static_cast<Index>(factors.size());
  RowSums dots(grid().height, channels);
  workers.run(grid().height, smooth_rows, [&](Index begin, Index end) {
    const Index margin = grid().halo * (steps - 1);
    Field<float> buffers[2] = {Field<float>({end - begin + 2 * margin, grid().width, grid().halo}, channels),
                               Field<float>({end - begin + 2 * margin, grid().width, grid().halo}, channels)};
    for_each_pass(begin, end, steps, [&](Index step, Index row) {
      const bool last = step + 1 == steps;
      for_each_tile_of(
          row, divisors,
          [&](const Neighbours& near, const float* diagonal, const float* numbers, Index column, Index count) {
            for (Index c = 0; c < channels; ++c) {
              const float* from = step == 0 ? x.row(c, row) : buffers[(step - 1) % 2].row(c, row - begin + margin);
              float* to = last ? y.row(c, row) : buffers[step % 2].row(c, row - begin + margin);
              const double dot = relax_tile(near, diagonal, factors[static_cast<std::size_t>(step)], numbers,
                                            r.row(c, row) + column, from + column, count, to + column);
              if (last) {
                dots.at(row, c) += dot;
              }
            }
          });
    });
  });
  return dots.total();
}

void StencilOperator::smooth_from_zero(Workers& workers, const std::vector<float>& factors,
                                       const PixelDiagonal& divisors, const Field<float>& r, Field<float>& y,
                                       Field<float>& t) const {
  const Index channels = r.channels();
  const auto steps = static_cast<Index>(factors.size());
  workers.run(grid().height, smooth_rows, [&](Index begin, Index end) {
    const Index margin = grid().halo * steps;
    Field<float> buffers[2] = {Field<float>({end - begin + 2 * margin, grid().width, grid().halo}, channels),
                               Field<float>({end - begin + 2 * margin, grid().width, grid().halo}, channels)};
    for_each_pass(begin, end, steps + 1, [&](Index step, Index row) {
      for_each_tile_of(
          row, divisors,
          [&](const Neighbours& near, const float* diagonal, const float* numbers, Index column, Index count) {
            for (Index c = 0; c < channels; ++c) {
              const float* right = r.row(c, row) + column;
              const float* from = buffers[(step + 1) % 2].row(c, row - begin + margin) + column;
              float* to = buffers[step % 2].row(c, row - begin + margin) + column;
              if (step == 0) {
                start_tile(factors[0], numbers, right, count, to);
              } else if (step < steps) {
                relax_tile(near, diagonal, factors[static_cast<std::size_t>(step)], numbers, right, from, count, to);
              } else {
                std::copy_n(from, count, y.row(c, row) + column);
                subtract_tile(near, diagonal, right, from, count, t.row(c, row) + column);
              }
            }
          });
    });
  });
}

PerChannel StencilOperator::residual(Workers& workers, const FillRow& b, const Field<double>& x,
                                     Field<float>& r) const {
  RowSums squares(grid().height, x.channels());
  workers.run(grid().height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> b_row(static_cast<std::size_t>(grid().width));
    std::vector<float> diagonal(static_cast<std::size_t>(grid().width));
    for (Index row = begin; row < end; ++row) {
      diagonal_.read(row, 0, grid().width, diagonal.data());
      for (Index c = 0; c < x.channels(); ++c) {
        b(c, row, b_row.data());
        for (Index column = 0; column < grid().width; column += tile) {
          const Index count = std::min(tile, grid().width - column);
          const Neighbours neighbours{coefficients_.row(0, row) + column, coefficients_.plane(), steps_.data(),
                                      static_cast<Index>(steps_.size())};
          squares.at(row, c) += residual_tile(neighbours, diagonal.data() + column, b_row.data() + column,
                                              x.row(c, row) + column, count, r.row(c, row) + column);
        }
      }
    }
  });
  return squares.total();
}

}  // namespace fastphoto
