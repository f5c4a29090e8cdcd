// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coarse_level.h"
#include "color_planes.h"
#include "grid.h"
#include "parallel.h"

namespace fastphoto {

/// Between the pixels and the first level: e_i = sum_k phi_k(i) (b_k + a_k . (I_i - mean_k)) and its transpose.
/// Node spacings 3 and 4.

/// coarse = P^T fine.
void restrict_pixels(Workers& workers, const ColorPlanes& colors, const CoarseLevel& level, const Field<float>& fine,
                     Field<float>& coarse);

/// fine += P coarse; coarse is overwritten.
void add_prolonged_pixels(Workers& workers, const ColorPlanes& colors, const CoarseLevel& level, Field<float>& coarse,
                          Field<float>& fine);

/// Between two levels.
void restrict_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                    const Field<float>& fine, Field<float>& coarse);
void add_prolonged_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                         const Field<float>& coarse, Field<float>& fine);

}  // namespace fastphoto
