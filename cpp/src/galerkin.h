// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "coarse_level.h"
#include "color_basis.h"
#include "color_planes.h"
#include "pixel_diagonal.h"

namespace fastphoto {

/// A level with the moments its coarser one is made from.
struct LevelSetup {
  std::unique_ptr<CoarseLevel> level;
  std::vector<ColorMoments> moments;  // row-major nodes
};

/// The exact Galerkin operator P^T A P of the pixels' system on nodes every node_spacing pixels, with
/// (P u)_i = sum_k phi_k(i) (b_k + a_k . (I_i - mean_k)). Radius 1 only: a wider stencil reaches beyond 5 x 5 nodes.
///
/// @param coefficients  of StencilOperator.
LevelSetup coarsen_pixels(Workers& workers, const ColorPlanes& colors, const Field<float>& coefficients,
                          const PixelDiagonal& diagonal, double least_variance);

/// The same for a level: nodes twice as far apart, whose affine functions restricted to a node of the finer level are
/// its own, so that the spaces are nested.
LevelSetup coarsen_level(Workers& workers, const LevelSetup& fine, double least_variance);

}  // namespace fastphoto
