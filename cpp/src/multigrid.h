// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "coarse_level.h"
#include "galerkin.h"
#include "pixel_diagonal.h"
#include "preconditioner.h"
#include "stencil.h"

namespace fastphoto {

/// Colour-affine multigrid: the coarse spaces of one content, for many solves.
///
/// The matting Laplacian nearly annihilates every field that is locally an affine function of the content's colour. The
/// coarse spaces are such fields, with coefficients that are piecewise bilinear between nodes 3 or 4, then 6, 12 ..
/// pixels apart, and the coarse operators their exact Galerkin products. docs/smoothing.md has the reasons.
class Multigrid {
 public:
  /// Null if the coarse operators are not positive definite in float32.
  static std::unique_ptr<Multigrid> build(Workers& workers, const ColorPlanes& colors, const Field<float>& coefficients,
                                          const PixelDiagonal& diagonal, double eps);

  const std::vector<std::unique_ptr<CoarseLevel>>& levels() const { return levels_; }

  /// Solves the coarsest level in place.
  void solve_coarsest(Field<float>& x) const;

 private:
  bool factorize_coarsest();

  std::vector<std::unique_ptr<CoarseLevel>> levels_;  // finest first
  Eigen::LLT<Eigen::MatrixXd> coarsest_;
};

/// One V-cycle: damped Jacobi on the pixels before and after, damped block Jacobi on the levels.
class MultigridPreconditioner final : public Preconditioner {
 public:
  /// @param smoother  what damped Jacobi divides by; at least as large as the system, x . S x >= x . A x.
  MultigridPreconditioner(const StencilOperator& system, const Multigrid& multigrid, const PixelDiagonal& smoother,
                          const ColorPlanes& colors, Index channels);

  PerChannel apply(Workers& workers, const Field<float>& r, Field<float>& z, Field<float>& scratch) override;

 private:
  void cycle(Workers& workers, std::size_t level);

  struct Vectors {
    Field<float> r;
    Field<float> x;
    Field<float> t;
  };

  const StencilOperator& system_;
  const Multigrid& multigrid_;
  const PixelDiagonal& smoother_;
  const ColorPlanes& colors_;
  std::vector<Vectors> vectors_;
};

}  // namespace fastphoto
