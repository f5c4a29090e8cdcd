// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// Numbers of a map from colours to colours: for each channel of the result three factors and an offset.
inline constexpr Index affine_map_numbers = 12;

/// How a result depends on the colours of its content around each pixel: one affine map a pixel.
///
/// In every window w_k, clipped at the border, the least-squares map from the content I to the result R
///
///     A_k = cov_k(R, I) (Sigma_k + eps Id)^-1,
///
/// at every pixel the mean A of the windows that hold it, and the offset b = R - A I: at its own size, the maps return
/// the result exactly, whatever eps is. He, Sun, Tang, "Guided Image Filtering", PAMI 2013, have the mean offset in
/// its place.
///
/// @param content  H x W x 3, finite.
/// @param result   H x W x 3, finite, of the same size.
/// @return  H x W x 12.
/// @throws Error(InvalidArgument)
FASTPHOTO_API Image fit_local_affine_maps(const ImageView& content, const ImageView& result,
                                          const LocalAffineMapOptions& options = {}, Threads threads = {});

/// A I + b, with maps of a reduced content that are enlarged to the full one: bilinear, centres of pixels stay where
/// they are in the photo. Chen, Adams, Wadhwa, Hasinoff, "Bilateral Guided Upsampling", SIGGRAPH Asia 2016, apply
/// maps of a low resolution to a high one in this way.
///
/// @param maps     h x w x 12, finite.
/// @param content  H x W x 3, finite, of any size.
/// @return  H x W x 3, interleaved, not clipped.
/// @throws Error(InvalidArgument)
FASTPHOTO_API Image apply_local_affine_maps(const ImageView& maps, const ImageView& content, Threads threads = {});

}  // namespace fastphoto
