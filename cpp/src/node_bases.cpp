// SPDX-License-Identifier: Apache-2.0
#include "node_bases.h"

#include <algorithm>

namespace fastphoto {

namespace {

// Added to the diagonal of the operators, as a share. On smooth gradients nearly every field is affine in colour, and
// the operator's eigenvalues fall below what float32 blocks can tell from zero; this keeps them positive. 1e-6 to 1e-4
// take the same number of iterations.
constexpr double ridge = 1e-5;

}  // namespace

void set_node_basis(const ColorMoments& moments, double least_variance, const Block& block, bool centred,
                    CoarseLevel& level, Index row, Index column) {
  const ColorWhitening whitening = whiten_colors(moments, least_variance);
  ColorWhitening shift = whitening;
  if (centred) {
    std::fill(shift.mean, shift.mean + 3, 0.0);
  }
  Block whitened;
  whiten_block(shift, shift, block, whitened);
  Block symmetric;
  for (Index a = 0; a < 4; ++a) {
    for (Index b = 0; b < 4; ++b) {
      symmetric[4 * a + b] = 0.5 * (1.0 + ridge) * (whitened[4 * a + b] + whitened[4 * b + a]);
    }
  }
  Block factor;
  Block inverse;
  invert_cholesky(symmetric, factor, inverse);
  level.set_basis(row, column, make_basis(whitening, factor, inverse));
}

}  // namespace fastphoto
