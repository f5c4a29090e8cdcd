// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// Guided filter (He, Sun, Tang, PAMI 2013), the fast approximation of closed-form smoothing.
///
/// In every window w_k, clipped at the border, the least-squares affine map from guide to src (eqs. 14, 15)
///
///     a_k = (Sigma_k + eps Id)^-1 cov_k(I, p),    b_k = mean_k(p) - a_k^T mean_k(I),
///
/// and at every pixel the mean map of the windows that hold it (eq. 16). Time does not depend on the radius. Sums are
/// float64 of centred values, so that the eps of 1e-8 that FastPhotoStyle uses means something.
///
/// @param guide  H x W x 1 or H x W x 3, finite.
/// @param src    H x W x C, C >= 1, finite, of the guide's size.
/// @return  H x W x C, interleaved, not clipped.
/// @throws Error(InvalidArgument)
FASTPHOTO_API Image guided_filter(const ImageView& guide, const ImageView& src, const GuidedFilterOptions& options = {},
                                  Threads threads = {});

}  // namespace fastphoto
