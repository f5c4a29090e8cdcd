// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/parallel.h"
#include "multigrid/coarse_level.h"
#include "multigrid/folded_rows.h"

namespace fastphoto {

/// Between a level and the next one, whose nodes lie on every second of its own, in rows and in columns. A node between
/// two takes the mean of both, as affine functions of colour: b_x = sum_k w_k (b_k + a_k . (mean_x - mean_k)).

/// Nodes along one axis of the level above `nodes`. Of an even number the last one has no node of the finer level to
/// sit on, only one to its left.
constexpr Index coarser_nodes(Index nodes) { return nodes / 2 + 1; }

/// coarse = P^T fine.
void restrict_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                    const FoldedRows<float>& fine, FoldedRows<float>& coarse);

/// fine = P coarse.
void prolong_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                   const FoldedRows<float>& coarse, FoldedRows<float>& fine);

}  // namespace fastphoto
