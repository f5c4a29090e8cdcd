// SPDX-License-Identifier: Apache-2.0
#include "coarse_level.h"

namespace fastphoto {

CoarseLevel::CoarseLevel(Index height, Index width) : basis_(Grid{height, width, 1}, 29) {}

void CoarseLevel::set_basis(Index row, Index column, const ColorBasis& basis) {
  for (Index i = 0; i < 3; ++i) {
    basis_.row(mean_plane + i, row)[column] = basis.mean[i];
  }
  for (Index i = 0; i < 13; ++i) {
    basis_.row(to_plane + i, row)[column] = basis.to_affine[i];
    basis_.row(from_plane + i, row)[column] = basis.from_affine[i];
  }
}

}  // namespace fastphoto
