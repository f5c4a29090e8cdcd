// SPDX-License-Identifier: Apache-2.0
//
// Multiplies rows of a residual by the factors of damped Jacobi.
#include "solver/jacobi_rows.h"

#include "base/multiversion.h"

namespace fastphoto {

namespace {

constexpr float damping = 1.5F;

/// out = factors r on one channel of a row, padded; the samples of r that follow `ahead` samples later are fetched.
FASTPHOTO_MULTIVERSION void scale_row(const float* factors, const float* r, Index count, Index ahead,
                                      float* FASTPHOTO_RESTRICT out) {
  for (Index first = 0; first < count; first += pack_size) {
    prefetch(r + first + ahead);
    for (Index i = first; i < first + pack_size; ++i) {
      out[i] = factors[i] * r[i];
    }
  }
}

/// out += factors r on one channel of a row.
FASTPHOTO_MULTIVERSION void add_scaled_row(const float* factors, const float* r, Index count,
                                           float* FASTPHOTO_RESTRICT out) {
  for (Index i = 0; i < count; ++i) {
    out[i] += factors[i] * r[i];
  }
}

FASTPHOTO_MULTIVERSION void invert_row(Index count, float* divisors) {
  for (Index i = 0; i < count; ++i) {
    divisors[i] = damping / divisors[i];
  }
}

}  // namespace

JacobiRows::JacobiRows(const StencilOperator& system, const PixelDiagonal& bound, Index channels, Index most_rows)
    : height_(bound.height()),
      reach_(system.grid().halo),
      y_(Grid{most_rows + 2 * reach_, system.grid().width, reach_}, channels),
      factors_(bound) {}

void JacobiRows::turn_to(Index begin, Index end) {
  first_ = std::max<Index>(0, begin - reach_);
  last_ = std::min(height_, end + reach_);
  next_ = first_;
}

const float* JacobiRows::factors(Index row) {
  if (factors_.turn_to(row)) {
    invert_row(y_.grid().width, factors_.numbers());
  }
  return factors_.numbers();
}

void JacobiRows::step_from_zero(Index row, const Field<float>& r) {
  for (Index c = 0; c < r.channels(); ++c) {
    scale_row(factors(row), r.row(c, row), y_.grid().width, r.row_step(), y_.row(c, row - first_));
  }
}

void JacobiRows::add_step(Index row, const Field<float>& r) {
  for (Index c = 0; c < r.channels(); ++c) {
    add_scaled_row(factors(row), r.row(c, row), y_.grid().width, y_.row(c, row - first_));
  }
}

}  // namespace fastphoto
