// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coarse_level.h"
#include "color_basis.h"

namespace fastphoto {

/// Gives a node the basis in which its diagonal block is the identity.
///
/// @param block  the diagonal block in coefficients of (1, I), or of (1, I - mean) where `centred`.
void set_node_basis(const ColorMoments& moments, double least_variance, const Block& block, bool centred,
                    CoarseLevel& level, Index row, Index column);

}  // namespace fastphoto
