// SPDX-License-Identifier: Apache-2.0
//
// Bases in which the diagonal blocks of an operator are the identity.
#pragma once

#include "multigrid/block_lanes.h"

namespace fastphoto {

/// Moments of colour of many neighbouring nodes: sums of phi (1, r, g, b, rr, rg, rb, gg, gb, bb).
inline constexpr Index moment_planes = 10;
using MomentLanes = Lanes[moment_planes];

/// A mean colour in the precision in which it is kept.
FASTPHOTO_INLINE float mean_color(double sum, double weight) { return static_cast<float>(sum / weight); }

/// Gives neighbouring nodes the bases in which their diagonal blocks are the identity.
///
/// @param least_variance  of a direction of colour that counts as varying.
/// @param blocks  the diagonal blocks in coefficients of (1, I), or of (1, I - mean) where `centred`.
/// @param basis  of a level, from the first of the nodes on; of the lanes the first `count` are written.
void set_node_bases(const MomentLanes& moments, double least_variance, const BlockLanes& blocks, bool centred,
                    Index count, Planes<float> basis);

}  // namespace fastphoto
