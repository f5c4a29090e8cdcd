// SPDX-License-Identifier: Apache-2.0
//
// Borrowed photos, masks and images of the C API, as the C++ API takes them.
#pragma once

#include "fastphoto/fastphoto_c.h"
#include "fastphoto/image.h"
#include "fastphoto/labels.h"
#include "fastphoto/pixels.h"

namespace fastphoto::c {

// All throw Error(InvalidArgument) for NULL, a wrong size of the struct, no samples, or extents that no memory has.

Pixels read_view(const fastphoto_pixels* pixels, const char* name);
MutablePixels read_view(const fastphoto_mutable_pixels* pixels, const char* name);
ImageView read_view(const fastphoto_image* image, const char* name);

/// NULL is no mask.
MaskView read_view(const fastphoto_mask* mask, const char* name);

}  // namespace fastphoto::c
