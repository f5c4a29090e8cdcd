// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fastphoto/image.h"

namespace fastphoto {

/// Changes of basis on a row of nodes, for vectors of R right sides: `matrix` points at the 13 planes of a
/// CoarseLevel's to_affine or from_affine, `u` at unknown 0 of one right side, and unknowns lie `unknown_step` apart.

/// (b, a) = matrix u, in place.
void multiply_basis(const float* matrix, Index matrix_step, Index count, Index unknown_step, float* u);

/// u = matrix^T (b, a), in place.
void multiply_transposed_basis(const float* matrix, Index matrix_step, Index count, Index unknown_step, float* u);

}  // namespace fastphoto
