// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/parallel.h"
#include "multigrid/coarse_level.h"
#include "solver/pixel_diagonal.h"

namespace fastphoto {

/// A level with its operator and what its coarser one is made from besides.
struct LevelSetup {
  std::unique_ptr<CoarseLevel> level;
  Field<float> blocks;    // of the operator
  Field<double> moments;  // of colour, a plane for each of MomentLanes
};

/// The exact Galerkin operator P^T A P of the pixels' system on aggregates. Radius 1 only: a wider stencil reaches
/// beyond the neighbouring aggregates.
///
/// @param coefficients  of StencilOperator.
/// @param colors  I_i on entry, I_i - mean_k on return.
LevelSetup coarsen_pixels(Workers& workers, const Field<float>& coefficients, const PixelDiagonal& diagonal,
                          double least_variance, Field<float>& colors);

/// The same for a level: nodes twice as far apart, whose affine functions restricted to a node of the finer level are
/// its own, so that the spaces are nested.
LevelSetup coarsen_level(Workers& workers, const LevelSetup& fine, double least_variance);

}  // namespace fastphoto
