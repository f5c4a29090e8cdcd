// SPDX-License-Identifier: Apache-2.0
//
// Between a level and the next coarser one.
#pragma once

#include "base/parallel.h"
#include "multigrid/coarse_level.h"
#include "multigrid/folded_rows.h"

namespace fastphoto {

/// The nodes of the next level lie on every second node of a level, in rows and in columns. A node between two of them
/// takes the mean of both affine functions of colour: b_x = sum_k w_k (b_k + a_k . (mean_x - mean_k)).

/// Nodes along one axis of the next level. If `nodes` is even, the last one of them lies one step beyond the finer
/// level's last node.
constexpr Index coarser_nodes(Index nodes) { return nodes / 2 + 1; }

/// coarse = P^T fine.
void restrict_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                    const FoldedRows<float>& fine, FoldedRows<float>& coarse);

/// fine = P coarse.
void prolong_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                   const FoldedRows<float>& coarse, FoldedRows<float>& fine);

}  // namespace fastphoto
