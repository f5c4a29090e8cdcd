// SPDX-License-Identifier: Apache-2.0
//
// A sample of a photo's pixels, for what depends on all of them.
#pragma once

#include "base/parallel.h"
#include "fastphoto/image.h"
#include "fastphoto/pixels.h"

namespace fastphoto {

/// Every `step`-th row and column of the content.
Image sample_of(Workers& workers, const Pixels& content, Index step);

}  // namespace fastphoto
