// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"
#include "fastphoto/statistics.h"

namespace fastphoto {

/// An affine map of features, f' = matrix f + offset.
struct FASTPHOTO_API AffineTransform {
  AffineTransform() = default;

  /// @throws Error(InvalidArgument) unless matrix is C x C for the C entries of offset and all numbers are finite.
  AffineTransform(Matrix matrix, Vector offset);

  Index channels() const noexcept { return offset.size(); }

  /// @param features  C x H x W, finite.
  /// @return  C x H x W, planar; sums run in float64.
  /// @throws Error(InvalidArgument)
  Image apply(const FeatureView& features, Threads threads = {}) const;

  Matrix matrix;  ///< C x C
  Vector offset;  ///< C
};

/// Whitening and colouring with symmetric square roots (Li et al., NeurIPS 2017, eqs. 1, 2),
///
///     T = Sigma_s^(1/2) Sigma_c^(-1/2),    f' = strength (T (f - mu_c) + mu_s) + (1 - strength) f,
///
/// where both covariances have gained their ridge and lost their eigenvalues below the cut.
/// @throws Error(InvalidArgument)
FASTPHOTO_API AffineTransform whitening_coloring(const Statistics& content, const Statistics& style,
                                                 const TransformOptions& options = {});

/// The map that reaches the same statistics with the least change in the squared sense (Monge-Kantorovich: Pitie and
/// Kokaram, "The linear Monge-Kantorovitch linear colour mapping", CVMP 2007),
///
///     T = Sigma_c^(-1/2) (Sigma_c^(1/2) Sigma_s Sigma_c^(1/2))^(1/2) Sigma_c^(-1/2),
///
/// symmetric positive semidefinite. Ridges, cut and strength as in whitening_coloring; directions that the content
/// lacks (eigenvalue below the cut) map to zero, as there.
/// @throws Error(InvalidArgument)
FASTPHOTO_API AffineTransform monge_kantorovich(const Statistics& content, const Statistics& style,
                                                const TransformOptions& options = {});

}  // namespace fastphoto
