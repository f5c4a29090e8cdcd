// SPDX-License-Identifier: Apache-2.0
//
// Multiplies rows by the stencil, in float32 and with float64 differences.
#include "solver/stencil.h"

#include <utility>

#include "base/dispatch_channels.h"
#include "base/dot.h"
#include "base/multiversion.h"
#include "base/pack.h"

namespace fastphoto {

/// What the pixels of one row need of the operator.
struct StencilRow {
  const float* diagonal;      // of the row, padded
  const float* coefficients;  // of the first offset at the row
  Index plane_step;           // from the coefficients of one offset to those of the next offset
  Index row_step;             // from the coefficients of one row to those of the next row
  const NeighbourOffset* offsets;
  Index count;  // of them
  Index width;
  Index channel_step;  // of x and of the other vectors
  Index x_row_step;
};

namespace {

/// Offsets of radius 1, which the compiler may know.
constexpr Index near_count = positive_offset_count(1);

/// body(coefficients at the row's pixels, coefficients at the neighbours on the other side, step from a sample of x to
/// the neighbour) for every offset.
template <bool near, class Body>
FASTPHOTO_INLINE void for_each_offset(const StencilRow& A, const Body& body) {
  const auto visit = [&](Index o, NeighbourOffset offset) FASTPHOTO_INLINE_LAMBDA {
    const float* const forward = A.coefficients + o * A.plane_step;
    body(forward, forward - offset.dy * A.row_step - offset.dx, offset.dy * A.x_row_step + offset.dx);
  };
  if constexpr (near) {
    unrolled<near_count>([&](auto o) FASTPHOTO_INLINE_LAMBDA { visit(o, positive_offset(o, 1)); });
  } else {
    for (Index o = 0; o < A.count; ++o) {
      visit(o, A.offsets[o]);
    }
  }
}

/// Calls finish(i, channel, x, A x) for all packs of one row, in parts of so many lanes. The channels share the
/// coefficients while these are in registers.
template <Index lanes, Index channels, bool near, class Finish>
FASTPHOTO_INLINE void apply_packs(const StencilRow& A, const float* x, const Finish& finish) {
  using Part = PackOf<float, lanes>;
  const Index end = padded_to_packs(A.width);
  for (Index i = 0; i < end; i += lanes) {
    Part own[channels];
    Part sums[channels];
    Part behind_sums[channels] = {};  // apart, so that twice as many additions are under way
    Part diagonal;
    load(A.diagonal + i, diagonal);
    FASTPHOTO_UNROLL
    for (Index c = 0; c < channels; ++c) {
      load(x + c * A.channel_step + i, own[c]);
      sums[c] = diagonal * own[c];
    }
    for_each_offset<near>(A, [&](const float* ahead, const float* behind, Index step) FASTPHOTO_INLINE_LAMBDA {
      Part forward;
      Part backward;
      load(ahead + i, forward);
      load(behind + i, backward);
      prefetch(ahead + A.row_step + i);
      FASTPHOTO_UNROLL
      for (Index c = 0; c < channels; ++c) {
        const float* const here = x + c * A.channel_step + i;
        Part neighbour;
        load(here + step, neighbour);
        sums[c] += forward * (own[c] - neighbour);
        load(here - step, neighbour);
        behind_sums[c] += backward * (own[c] - neighbour);
      }
    });
    FASTPHOTO_UNROLL
    for (Index c = 0; c < channels; ++c) {
      finish(i, c, own[c], sums[c] + behind_sums[c]);
    }
  }
}

#ifdef FASTPHOTO_HAS_VERSIONS
constexpr Index reach = 2;  // of the stencil with radius 1

/// sums += what ties a pack's pixels to their neighbours in the row `dy` below.
template <Index channels, Index dy>
FASTPHOTO_INLINE void add_shifted_row(const StencilRow& A, const float* x, Index i, const Pack (&own)[channels],
                                      Pack (&sums)[channels], Pack (&more_sums)[channels]) {
  Pack coefficients[2 * reach + 1];
  unrolled<2 * reach + 1>([&](auto at) FASTPHOTO_INLINE_LAMBDA {
    constexpr Index dx = at - reach;
    if constexpr (dy > 0 || (dy == 0 && dx > 0)) {
      const float* const ahead = A.coefficients + offset_index(dy, dx, 1) * A.plane_step + i;
      load(ahead, coefficients[at]);
      prefetch(ahead + A.row_step);
    } else if constexpr (dy < 0 || dx < 0) {
      const float* const behind = A.coefficients + offset_index(-dy, -dx, 1) * A.plane_step + dy * A.row_step + i;
      Pack packs[3];
      unrolled<3>([&](auto k) FASTPHOTO_INLINE_LAMBDA { load(behind + (k - 1) * pack_size, packs[k]); });
      shift<dx>(packs[0], packs[1], packs[2], coefficients[at]);
    }
  });
  unrolled<channels>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
    Pack packs[3];
    unrolled<3>([&](auto k) FASTPHOTO_INLINE_LAMBDA {
      load(x + c * A.channel_step + dy * A.x_row_step + i + (k - 1) * pack_size, packs[k]);
    });
    unrolled<2 * reach + 1>([&](auto at) FASTPHOTO_INLINE_LAMBDA {
      constexpr Index dx = at - reach;
      if constexpr (dy != 0 || dx != 0) {
        Pack neighbour;
        shift<dx>(packs[0], packs[1], packs[2], neighbour);
        (at % 2 == 0 ? sums : more_sums)[c] += coefficients[at] * (own[c] - neighbour);
      }
    });
  });
}

/// apply_packs for radius 1, with neighbours along the row by shuffles of whole packs: nearly all of their loads would
/// cross cache lines.
template <Index channels, class Finish>
FASTPHOTO_INLINE void apply_shifted_packs(const StencilRow& A, const float* x, const Finish& finish) {
  for (Index i = 0; i < A.width; i += pack_size) {
    Pack own[channels];
    Pack sums[channels];
    Pack more_sums[channels] = {};
    Pack diagonal;
    load(A.diagonal + i, diagonal);
    unrolled<channels>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
      load(x + c * A.channel_step + i, own[c]);
      sums[c] = diagonal * own[c];
    });
    unrolled<2 * reach + 1>([&](auto row) FASTPHOTO_INLINE_LAMBDA {
      add_shifted_row<channels, row - reach>(A, x, i, own, sums, more_sums);
    });
    unrolled<channels>([&](auto c) FASTPHOTO_INLINE_LAMBDA { finish(i, c, own[c], sums[c] + more_sums[c]); });
  }
}
#endif

template <Index lanes, class Finish>
FASTPHOTO_INLINE void apply_row(const StencilRow& A, const float* x, Index channels, const Finish& finish) {
  if (A.count != near_count) {  // rare; code for each number of channels would take long to compile
    for (Index c = 0; c < channels; ++c) {
      apply_packs<lanes, 1, false>(A, x + c * A.channel_step,
                                   [&](Index i, Index, const auto& own, const auto& product)
                                       FASTPHOTO_INLINE_LAMBDA { finish(i, c, own, product); });
    }
    return;
  }
  with_channel_count(channels, [&](auto count) FASTPHOTO_INLINE_LAMBDA {
#ifdef FASTPHOTO_HAS_VERSIONS
    if constexpr (lanes == pack_size) {
      apply_shifted_packs<count>(A, x, finish);
      return;
    }
#endif
    apply_packs<lanes, count, true>(A, x, finish);
  });
}

template <Index lanes>
FASTPHOTO_INLINE void multiply_row(const StencilRow& A, const float* x, Index channels, float* y) {
  apply_row<lanes>(A, x, channels, [&](Index i, Index c, const auto&, const auto& product) FASTPHOTO_INLINE_LAMBDA {
    store(product, y + c * A.channel_step + i);
  });
}

template <Index lanes>
FASTPHOTO_INLINE void subtract_row(const StencilRow& A, const float* r, const float* x, Index channels, float* t) {
  apply_row<lanes>(A, x, channels, [&](Index i, Index c, const auto&, const auto& product) FASTPHOTO_INLINE_LAMBDA {
    Like<decltype(product)> right;
    load(r + c * A.channel_step + i, right);
    store(right - product, t + c * A.channel_step + i);
  });
}

template <Index lanes>
FASTPHOTO_INLINE void relax_row(const StencilRow& A, const float* factors, const float* r, const float* x,
                                Index channels, float* y) {
  apply_row<lanes>(A, x, channels, [&](Index i, Index c, const auto& own, const auto& product) FASTPHOTO_INLINE_LAMBDA {
    Like<decltype(own)> right;
    Like<decltype(own)> factor;
    load(r + c * A.channel_step + i, right);
    load(factors + i, factor);
    store(own + factor * (right - product), y + c * A.channel_step + i);
  });
}

FASTPHOTO_BY_LANES(void multiply, (const StencilRow& A, const float* x, Index channels, float* y), multiply_row,
                   (A, x, channels, y))
FASTPHOTO_BY_LANES(void subtract, (const StencilRow& A, const float* r, const float* x, Index channels, float* t),
                   subtract_row, (A, r, x, channels, t))
FASTPHOTO_BY_LANES(void relax,
                   (const StencilRow& A, const float* factors, const float* r, const float* x, Index channels,
                    float* y),
                   relax_row, (A, factors, r, x, channels, y))

/// r = b - A x on a row of one channel, in float64. All offsets in one go over a pack, whose sums stay in registers.
template <bool near, class T>
FASTPHOTO_INLINE void subtract_in_double(const StencilRow& A, const float* b, const T* x, float* r) {
  for (Index i = 0; i < A.width; i += pack_size) {
    DoublePack own;
    DoublePack diagonal;
    DoublePack right;
    DoublePack behind_sums = {};  // as in apply_packs
    load(x + i, own);
    load(A.diagonal + i, diagonal);
    load(b + i, right);
    DoublePack sums = diagonal * own;
    for_each_offset<near>(A, [&](const float* ahead, const float* behind, Index step) FASTPHOTO_INLINE_LAMBDA {
      DoublePack coefficient;
      DoublePack neighbour;
      load(ahead + i, coefficient);
      load(x + i + step, neighbour);
      sums += coefficient * (own - neighbour);
      load(behind + i, coefficient);
      load(x + i - step, neighbour);
      behind_sums += coefficient * (own - neighbour);
    });
    store(right - (sums + behind_sums), r + i);
  }
}

/// Returns r . r.
template <class T>
FASTPHOTO_INLINE double residual_packs(const StencilRow& A, const float* b, const T* x, float* r) {
  if (A.count == near_count) {
    subtract_in_double<true>(A, b, x, r);
  } else {
    subtract_in_double<false>(A, b, x, r);
  }
  return dot_in_lanes(r, r, A.width);
}

FASTPHOTO_MULTIVERSION double residual_row(const StencilRow& A, const float* b, const double* x, float* r) {
  return residual_packs(A, b, x, r);
}

FASTPHOTO_MULTIVERSION double residual_row(const StencilRow& A, const float* b, const float* x, float* r) {
  return residual_packs(A, b, x, r);
}

}  // namespace

StencilOperator::StencilOperator(Field<float> coefficients, Index radius, PixelDiagonal diagonal)
    : coefficients_(std::move(coefficients)), offsets_(positive_offsets(radius)), diagonal_(std::move(diagonal)) {}

PerChannel StencilOperator::apply(Workers& workers, const Field<float>& x, Field<float>& y) const {
  RowSums dots(grid().height, x.channels());
  workers.run(grid().height, rows_per_chunk, [&](Index begin, Index end) {
    StencilRows rows(*this, x.channels());
    for (Index row = begin; row < end; ++row) {
      rows.multiply(row, x.row(0, row), y.row(0, row));
      for (Index c = 0; c < x.channels(); ++c) {
        dots.at(row, c) = dot_row(x.row(c, row), y.row(c, row), grid().width);
      }
    }
  });
  return dots.total();
}

template <class T>
PerChannel StencilOperator::residual(Workers& workers, const FillRow& b, const Field<T>& x, Field<float>& r,
                                     Index every) const {
  RowSums squares(grid().height, x.channels());
  workers.run(grid().height, rows_per_chunk, [&](Index begin, Index end) {
    StencilRows rows(*this, x.channels());
    std::vector<float> right(static_cast<std::size_t>(padded_to_packs(grid().width)));
    for (Index row = (begin + every - 1) / every * every; row < end; row += every) {
      for (Index c = 0; c < x.channels(); ++c) {
        b(c, row, right.data());
        squares.at(row, c) =
            static_cast<double>(every) * rows.residual(row, right.data(), x.row(c, row), r.row(c, row));
      }
    }
  });
  return squares.total();
}

template PerChannel StencilOperator::residual(Workers&, const FillRow&, const Field<double>&, Field<float>&,
                                              Index) const;
template PerChannel StencilOperator::residual(Workers&, const FillRow&, const Field<float>&, Field<float>&,
                                              Index) const;

StencilRows::StencilRows(const StencilOperator& system, Index channels)
    : system_(system), channels_(channels), channel_step_(system.grid().stride()), diagonal_(system.diagonal_) {}

StencilRow StencilRows::at(Index row) {
  const Field<float>& coefficients = system_.coefficients_;
  diagonal_.turn_to(row);
  return {diagonal_.numbers(),         coefficients.row(0, row),
          coefficients.channel_step(), coefficients.row_step(),
          system_.offsets_.data(),     static_cast<Index>(system_.offsets_.size()),
          system_.grid().width,        channel_step_,
          channels_ * channel_step_};
}

void StencilRows::multiply(Index row, const float* x, float* y) { fastphoto::multiply(at(row), x, channels_, y); }

void StencilRows::subtract(Index row, const float* r, const float* x, float* t) {
  fastphoto::subtract(at(row), r, x, channels_, t);
}

void StencilRows::relax(Index row, const float* factors, const float* r, const float* x, float* y) {
  fastphoto::relax(at(row), factors, r, x, channels_, y);
}

double StencilRows::residual(Index row, const float* b, const double* x, float* r) {
  return residual_row(at(row), b, x, r);
}

double StencilRows::residual(Index row, const float* b, const float* x, float* r) {
  return residual_row(at(row), b, x, r);
}

}  // namespace fastphoto
