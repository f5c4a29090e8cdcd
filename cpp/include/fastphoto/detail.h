// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// Replaces most of the luma detail d_r of a restyled photo by the content's, in place: adds a limited
/// amount (k d_c - d_r) to all channels, where k <= largest_gain makes both details equally strong over the photo.
/// Hues stay, but for what then lies beyond 0..1 and is cut off. A result that equals the content stays as it is.
///
/// Detail is what a guided filter by the content's luma smooths away (He, Sun, Tang 2013, section 4).
///
/// @param content  H x W x 3 in 0..1.
/// @param result   H x W x 3, interleaved, in 0..1.
/// @throws Error(InvalidArgument)
FASTPHOTO_API void restore_detail(const ImageView& content, Image& result, const DetailOptions& options = {},
                                  Threads threads = {});

}  // namespace fastphoto
