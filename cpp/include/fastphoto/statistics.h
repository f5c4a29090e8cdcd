// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// First and second moments of a set of features.
struct FASTPHOTO_API Statistics {
  Statistics() = default;

  /// @throws Error(InvalidArgument) unless covariance is C x C for the C entries of mean, symmetric to 1e-6 of its
  ///         largest entry, all numbers are finite, no variance is negative and weight > 0.
  Statistics(Vector mean, Matrix covariance, double weight = 1.0);

  Index channels() const noexcept { return mean.size(); }

  Vector mean;          ///< C
  Matrix covariance;    ///< C x C, symmetric; sums are divided by the sum of weights, not by one less
  double weight = 1.0;  ///< sum of the weights; the number of pixels where none were given
};

/// Mean and covariance of C-dimensional features, in two passes, float64, centred.
///
/// @param features  C x H x W (C x N is height 1, width N), finite.
/// @param weights   H x W x 1, finite, non-negative, with a positive sum; a view without data means all ones.
/// @throws Error(InvalidArgument)
FASTPHOTO_API Statistics mean_and_covariance(const FeatureView& features, const ImageView& weights = {},
                                             Threads threads = {});

}  // namespace fastphoto
