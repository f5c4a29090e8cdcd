// SPDX-License-Identifier: Apache-2.0
//
// Fitting local affine maps for kernels that keep further numbers beside each map.
#pragma once

#include "base/parallel.h"
#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// fit_local_affine_maps() of arguments that have been checked.
/// @param maps  written: the first 12 of `stride` numbers of each pixel.
FASTPHOTO_API void fit_maps(Workers& workers, const ImageView& content, const ImageView& result,
                            const LocalAffineMapOptions& options, Index stride, float* maps);

}  // namespace fastphoto
