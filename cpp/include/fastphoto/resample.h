// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// The image at another size. Along each axis, where it shrinks: Lanczos with three lobes, stretched so that nothing
/// aliases; where it grows: the cubic convolution of Keys (IEEE TASSP 1981, a = -1/2). Centres of pixels stay where
/// they are in the photo; weights at the border are those of the pixels that exist, scaled to a sum of one.
///
/// @param image  H x W x C, finite.
/// @return  height x width x C, interleaved, not clipped.
/// @throws Error(InvalidArgument)
FASTPHOTO_API Image resize(const ImageView& image, Index height, Index width, Threads threads = {});

/// content + resize(change, size of content): a change found at another size, applied to the full one.
///
/// @param out  written: H x W x C of the content's shape. May be the content's own memory.
/// @throws Error(InvalidArgument)
FASTPHOTO_API void add_resized(const ImageView& content, const ImageView& change, Image& out, Threads threads = {});

}  // namespace fastphoto
