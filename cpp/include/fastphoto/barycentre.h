// SPDX-License-Identifier: Apache-2.0
//
// Several sets of statistics made one: pooled, as if their features were one set, or blended, half way between them.
#pragma once

#include <vector>

#include "fastphoto/export.h"
#include "fastphoto/options.h"
#include "fastphoto/statistics.h"

namespace fastphoto {

/// The mean and covariance of a mixture of sets of features. With weights w that sum to 1,
///
///     mu = sum_i w_i mu_i,    Sigma = sum_i w_i (Sigma_i + (mu_i - mu) (mu_i - mu)^T).
///
/// With the numbers of pixels as weights these are the statistics of all features together.
///
/// @param parts    one or more, of equally many channels.
/// @param weights  one for each, 0 or more, with a positive sum; they need not sum to 1.
/// @throws Error(InvalidArgument)
FASTPHOTO_API Statistics pooled_statistics(const std::vector<Statistics>& parts, const std::vector<double>& weights);

/// The barycentre in the space of Wasserstein (for Gaussians: Bures-Wasserstein): of two parts the point of the
/// geodesic between them, where the blend of two contrasts is a contrast between, and not the sum of their spreads.
/// The mean is the weighted mean. The covariance solves
///
///     Sigma = sum_i w_i (Sigma^(1/2) Sigma_i Sigma^(1/2))^(1/2)
///
/// and is found by the fixed-point iteration of Alvarez-Esteban, del Barrio, Cuesta-Albertos, Matran, "A fixed-point
/// approach to barycenters in Wasserstein space", J. Math. Anal. Appl. 441 (2016), section 4. All parts gain a ridge
/// before, since the iteration inverts roots of covariances.
///
/// @param parts, weights  as in pooled_statistics. A part of weight 0 does not count; a single part comes back as it
/// is.
/// @throws Error(InvalidArgument)
FASTPHOTO_API Statistics wasserstein_barycentre(const std::vector<Statistics>& parts,
                                                const std::vector<double>& weights,
                                                const BarycentreOptions& options = {});

}  // namespace fastphoto
