// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// Local affine filter: repaints the content with colour maps fitted, around each pixel, to the stylized image.
///
/// At every pixel p, over the window of radius r clipped at the border, with weights
/// w_q = exp(-|I_q - I_p|^2 / (2 range_sigma^2)), the map A, b minimises
///
///     sum_q w_q |A I_q + b - Y_q|^2 + ridge |A|^2,
///
/// and the result is A I_p + b. The ridge holds the linear part only, so in a flat window the result is the weighted
/// mean of the stylized colours. Luan et al.'s released filter fits in small windows and averages the maps: that is
/// bilateral_affine_filter.
///
/// @param stylized  H x W x 3, finite.
/// @param content   H x W x 3, finite, of the same size.
/// @return  H x W x 3, interleaved, not clipped.
/// @throws Error(InvalidArgument)
FASTPHOTO_API Image local_affine_filter(const ImageView& stylized, const ImageView& content,
                                        const LocalAffineOptions& options = {}, Threads threads = {});

}  // namespace fastphoto
