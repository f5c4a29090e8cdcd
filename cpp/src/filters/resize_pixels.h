// SPDX-License-Identifier: Apache-2.0
//
// Resizing straight from a host's pixels, without a float32 copy of the photo.
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/pixels.h"

namespace fastphoto {

/// resize() of the photo that the pixels hold, three channels. The pixels have been checked.
FASTPHOTO_API Image resize_pixels(const Pixels& pixels, Index height, Index width, Threads threads);

}  // namespace fastphoto
