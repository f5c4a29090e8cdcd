// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// Brings a restyled photo back into 0..1 without crushing its shadows and highlights, in place.
///
/// An alignment is affine: where content and style differ much it sends dark tones below 0 and bright ones above 1.
/// Cutting those off erases the structure in them. Here the tones next to the end are compressed, channel by channel,
/// by no more than this photo needs. Below a knee k, values v in [low, k], low < 0, go to [0, k] by
///
///     v' = k (1 - u) / (1 + (s - 1) u),    u = (k - v) / (k - low),    s = (k - low) / k,
///
/// which is increasing, with slope 1 at the knee. Highlights mirror it.
///
/// @param photo  H x W x C, interleaved, finite.
/// @throws Error(InvalidArgument)
FASTPHOTO_API void compress_to_gamut(Image& photo, const GamutOptions& options = {}, Threads threads = {});

}  // namespace fastphoto
