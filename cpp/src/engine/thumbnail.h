// SPDX-License-Identifier: Apache-2.0
//
// What an estimator sees of a photo.
#pragma once

#include <vector>

#include "fastphoto/image.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// The photo (H x W x 3) stretched to a square: 3 x side x side samples in 0..1.
std::vector<float> thumbnail(const ImageView& photo, Index side, Threads threads);

}  // namespace fastphoto
