// SPDX-License-Identifier: Apache-2.0
//
// The brightness of a pixel: the luma of Rec. 709, on sRGB-encoded values.
#pragma once

#include "base/multiversion.h"

namespace fastphoto {

FASTPHOTO_INLINE float luma(float red, float green, float blue) {
  return 0.2126F * red + 0.7152F * green + 0.0722F * blue;
}

}  // namespace fastphoto
