// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// Bilateral affine filter: the last step of Luan et al.'s released Deep Photo Style Transfer, "smooth local affine".
///
/// Two steps. In every window of radius window_radius, clipped at the border, the colour map A, b minimises
///
///     sum_q |A I_q + b - Y_q|^2 + ridge |A|^2.
///
/// Then each pixel p repaints the content with the mean of its neighbours' maps, over a window of radius `radius`
/// clipped at the border:
///
///     result_p = A_p I_p + b_p,    (A_p, b_p) = sum_q w_q (A, b)_q / sum_q w_q,
///     w_q = exp(-|q - p|^2 / (2 spatial_sigma^2)) exp(-|I_q - I_p|^2 / (6 range_sigma^2)).
///
/// The colour distance is the mean over the channels of the squared difference, hence the 6. local_affine_filter fits
/// one map to the whole neighbourhood instead: stronger, and less faithful to the stylized image.
///
/// @param stylized  H x W x 3, finite.
/// @param content   H x W x 3, finite, of the same size.
/// @return  H x W x 3, interleaved, not clipped. It takes 48 bytes a pixel beside its result and planes of both images.
/// @throws Error(InvalidArgument)
FASTPHOTO_API Image bilateral_affine_filter(const ImageView& stylized, const ImageView& content,
                                            const BilateralAffineOptions& options = {}, Threads threads = {});

}  // namespace fastphoto
