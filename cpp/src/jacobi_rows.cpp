// SPDX-License-Identifier: Apache-2.0
#include "jacobi_rows.h"

#include "multiversion.h"

namespace fastphoto {

namespace {

constexpr float damping = 1.5F;

/// out = factors r on one channel of a row.
FASTPHOTO_MULTIVERSION void scale_row(const float* factors, const float* r, Index count,
                                      float* FASTPHOTO_RESTRICT out) {
  for (Index i = 0; i < count; ++i) {
    out[i] = factors[i] * r[i];
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
    : bound_(bound),
      reach_(system.grid().halo),
      y_(Grid{most_rows + 2 * reach_, system.grid().width, reach_}, channels),
      factors_(Grid{y_.grid().height, system.grid().width, 0}, 1) {}

void JacobiRows::turn_to(Index begin, Index end) {
  first_ = std::max<Index>(0, begin - reach_);
  last_ = std::min(bound_.height(), end + reach_);
  next_ = first_;
  for (Index row = first_; row < last_; ++row) {
    float* factors = factors_.row(0, row - first_);
    bound_.read(row, 0, bound_.width(), factors);
    invert_row(bound_.width(), factors);
  }
}

void JacobiRows::step_from_zero(Index row, const Field<float>& r) {
  for (Index c = 0; c < r.channels(); ++c) {
    scale_row(factors(row), r.row(c, row), y_.grid().width, y_.row(c, row - first_));
  }
}

void JacobiRows::add_step(Index row, const Field<float>& r) {
  for (Index c = 0; c < r.channels(); ++c) {
    add_scaled_row(factors(row), r.row(c, row), y_.grid().width, y_.row(c, row - first_));
  }
}

}  // namespace fastphoto
