// SPDX-License-Identifier: Apache-2.0
//
// Colour-affine multigrid: its levels, and one V-cycle as a preconditioner.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/pool.h"
#include "multigrid/coarse_level.h"
#include "multigrid/coarsest_level.h"
#include "multigrid/smoother/eisenstat_smoother.h"
#include "multigrid/smoother/level_matrix.h"
#include "multigrid/smoother/level_smoother.h"
#include "solver/pixel_diagonal.h"
#include "solver/preconditioner.h"
#include "solver/stencil.h"

namespace fastphoto {

/// Colour-affine multigrid: the coarse spaces of one content, for many solves.
///
/// The matting Laplacian nearly annihilates every field that is locally an affine function of the content's colour. The
/// coarse spaces consist of such fields. The first level has one function for each square of 3 x 3 pixels. On the next
/// ones the coefficients are piecewise bilinear between every second square, every fourth, and so on. The coarse
/// operators are exact Galerkin products. docs/smoothing.md has the reasons.
class Multigrid {
 public:
  /// @param colors  of the content, three channels.
  /// Null if the coarse operators are not positive definite in float32.
  static std::unique_ptr<Multigrid> build(Workers& workers, Field<float> colors, const StencilOperator& system,
                                          double eps);

  struct Level {
    std::unique_ptr<CoarseLevel> nodes;
    std::unique_ptr<LevelMatrix> matrix;  // none on the coarsest
  };
  const std::vector<Level>& levels() const { return levels_; }

  /// The content's colours less the mean of their aggregate.
  const Field<float>& centred() const { return centred_; }

  const CoarsestLevel& coarsest() const { return *coarsest_; }

 private:
  explicit Multigrid(Field<float> colors) : centred_(std::move(colors)) {}

  Field<float> centred_;
  std::vector<Level> levels_;  // finest first
  std::unique_ptr<CoarsestLevel> coarsest_;
};

/// One V-cycle: damped Jacobi on the pixels before and after, Chebyshev smoothing on the levels.
class MultigridPreconditioner final : public Preconditioner {
 public:
  /// @param bound  what damped Jacobi divides by; at least as large as the system, x . S x >= x . A x.
  /// @param make_smoother  makes the smoother of each level but the coarsest.
  MultigridPreconditioner(const StencilOperator& system, const Multigrid& multigrid, const PixelDiagonal& bound,
                          Index channels, const MakeLevelSmoother& make_smoother = make_eisenstat_smoother);
  ~MultigridPreconditioner() override;
  MultigridPreconditioner(const MultigridPreconditioner&) = delete;
  MultigridPreconditioner& operator=(const MultigridPreconditioner&) = delete;

  PerChannel apply(Workers& workers, const Field<float>& r, Field<float>& z) override;

 private:
  void restrict_residual(Workers& workers, const Field<float>& r);
  PerChannel correct_and_smooth(Workers& workers, const Field<float>& r, Field<float>& z);
  void cycle(Workers& workers, std::size_t level);

  /// What one task on a few rows of pixels needs.
  struct PixelRows;

  struct LevelVectors {
    std::unique_ptr<LevelSmoother> smoother;  // none on the coarsest level
    FoldedRows<float> v;                      // the right side, then the solution
    FoldedRows<float> rest;                   // what is left of the right side, then the coarser levels' correction
  };

  const StencilOperator& system_;
  const Multigrid& multigrid_;
  const PixelDiagonal& bound_;
  Index channels_;
  std::vector<LevelVectors> levels_;
  Pool<PixelRows> pixels_;
};

}  // namespace fastphoto
