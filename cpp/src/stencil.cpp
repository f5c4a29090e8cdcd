// SPDX-License-Identifier: Apache-2.0
#include "stencil.h"

#include <utility>

#include "dot.h"
#include "multiversion.h"
#include "pack.h"

namespace fastphoto {

/// What the pixels of one row need of the operator.
struct StencilRow {
  const float* diagonal;         // of the row, padded
  const float* const* forward;   // c_o at the row's pixels
  const float* const* backward;  // c_o at the neighbours on the other side
  const Index* steps;            // from a sample of x to the neighbour
  Index offsets;
  Index row_step;  // of the coefficients
  Index width;
  Index channel_step;  // of x and of all that is read and written beside it
};

namespace {

/// Calls finish(i, channel, x, A x) for all packs of one row. The channels share the coefficients while these are in
/// registers.
template <Index channels, class Finish>
FASTPHOTO_INLINE void apply_packs(const StencilRow& A, const float* x, const Finish& finish) {
  for (Index i = 0; i < A.width; i += pack_size) {
    Pack own[channels];
    Pack sums[channels];
    Pack behind_sums[channels] = {};  // apart, so that twice as many additions are under way
    Pack diagonal;
    load(A.diagonal + i, diagonal);
    FASTPHOTO_UNROLL
    for (Index c = 0; c < channels; ++c) {
      load(x + c * A.channel_step + i, own[c]);
      sums[c] = diagonal * own[c];
    }
    for (Index o = 0; o < A.offsets; ++o) {
      Pack forward;
      Pack backward;
      load(A.forward[o] + i, forward);
      load(A.backward[o] + i, backward);
      prefetch(A.forward[o] + A.row_step + i);
      const float* ahead = x + i + A.steps[o];
      const float* behind = x + i - A.steps[o];
      FASTPHOTO_UNROLL
      for (Index c = 0; c < channels; ++c) {
        Pack neighbour;
        load(ahead + c * A.channel_step, neighbour);
        sums[c] += forward * (own[c] - neighbour);
        load(behind + c * A.channel_step, neighbour);
        behind_sums[c] += backward * (own[c] - neighbour);
      }
    }
    FASTPHOTO_UNROLL
    for (Index c = 0; c < channels; ++c) {
      finish(i, c, own[c], sums[c] + behind_sums[c]);
    }
  }
}

template <class Finish>
FASTPHOTO_INLINE void apply_row(const StencilRow& A, const float* x, Index channels, const Finish& finish) {
  switch (channels) {
    case 1:
      return apply_packs<1>(A, x, finish);
    case 2:
      return apply_packs<2>(A, x, finish);
    case 3:
      return apply_packs<3>(A, x, finish);
    default:
      return apply_packs<4>(A, x, finish);
  }
}

FASTPHOTO_MULTIVERSION void multiply(const StencilRow& A, const float* x, Index channels, float* y) {
  apply_row(A, x, channels,
            [&](Index i, Index c, const Pack&, const Pack& product) { store(product, y + c * A.channel_step + i); });
}

FASTPHOTO_MULTIVERSION void subtract(const StencilRow& A, const float* r, const float* x, Index channels, float* t) {
  apply_row(A, x, channels, [&](Index i, Index c, const Pack&, const Pack& product) {
    Pack right;
    load(r + c * A.channel_step + i, right);
    store(right - product, t + c * A.channel_step + i);
  });
}

FASTPHOTO_MULTIVERSION void relax(const StencilRow& A, const float* factors, const float* r, const float* x,
                                  Index channels, float* y) {
  apply_row(A, x, channels, [&](Index i, Index c, const Pack& own, const Pack& product) {
    Pack right;
    Pack factor;
    load(r + c * A.channel_step + i, right);
    load(factors + i, factor);
    store(own + factor * (right - product), y + c * A.channel_step + i);
  });
}

/// r = b - A x on a row of one channel, in float64; returns r . r. Many offsets in one go over few samples, whose sums
/// stay in registers.
template <class T>
FASTPHOTO_INLINE double residual_packs(const StencilRow& A, const float* b, const T* x, float* r) {
  constexpr Index group = 16;
  for (Index first = 0; first < A.width; first += group) {
    double sums[group];
    for (Index i = 0; i < group; ++i) {
      sums[i] = static_cast<double>(A.diagonal[first + i]) * static_cast<double>(x[first + i]);
    }
    for (Index o = 0; o < A.offsets; ++o) {
      const float* forward = A.forward[o] + first;
      const float* backward = A.backward[o] + first;
      const T* own = x + first;
      const T* ahead = own + A.steps[o];
      const T* behind = own - A.steps[o];
      for (Index i = 0; i < group; ++i) {
        const auto here = static_cast<double>(own[i]);
        sums[i] += static_cast<double>(forward[i]) * (here - static_cast<double>(ahead[i])) +
                   static_cast<double>(backward[i]) * (here - static_cast<double>(behind[i]));
      }
    }
    for (Index i = 0; i < group; ++i) {
      r[first + i] = static_cast<float>(static_cast<double>(b[first + i]) - sums[i]);
    }
  }
  return dot_row(r, r, A.width);
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
    : system_(system),
      channels_(channels),
      channel_step_(system.grid().stride()),
      diagonal_(static_cast<std::size_t>(padded_to_packs(system.grid().width))),
      forward_(system.offsets_.size()),
      backward_(system.offsets_.size()) {
  for (const NeighbourOffset& offset : system.offsets_) {
    steps_.push_back(offset.dy * channels * channel_step_ + offset.dx);
  }
}

StencilRow StencilRows::at(Index row) {
  const Field<float>& coefficients = system_.coefficients_;
  system_.diagonal_.read(row, 0, system_.grid().width, diagonal_.data());
  for (std::size_t o = 0; o < steps_.size(); ++o) {
    forward_[o] = coefficients.row(static_cast<Index>(o), row);
    backward_[o] = coefficients.row(static_cast<Index>(o), row - system_.offsets_[o].dy) - system_.offsets_[o].dx;
  }
  return {
      diagonal_.data(),        forward_.data(),      backward_.data(), steps_.data(), static_cast<Index>(steps_.size()),
      coefficients.row_step(), system_.grid().width, channel_step_};
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
