// SPDX-License-Identifier: Apache-2.0
//
// Makes a level from the pixels or from a finer level.
#pragma once

#include <memory>

#include "base/parallel.h"
#include "multigrid/coarse_level.h"
#include "solver/pixel_diagonal.h"

namespace fastphoto {

/// A level with its operator, and with the moments that the next coarser level needs.
struct LevelSetup {
  std::unique_ptr<CoarseLevel> level;
  Field<float> blocks;    // of the operator
  Field<double> moments;  // of colour, a plane for each of MomentLanes
};

/// The exact Galerkin operator P^T A P of the pixels' system on aggregates. For radius 1 only: a wider stencil reaches
/// beyond the neighbouring aggregates.
///
/// @param coefficients  of StencilOperator.
/// @param colors  I_i on entry, I_i - mean_k on return.
LevelSetup coarsen_pixels(Workers& workers, const Field<float>& coefficients, const PixelDiagonal& diagonal,
                          double least_variance, Field<float>& colors);

/// The same for a level whose nodes lie twice as far apart. At a node that both levels have, the affine functions are
/// the same. So the spaces are nested.
LevelSetup coarsen_level(Workers& workers, const LevelSetup& fine, double least_variance);

}  // namespace fastphoto
