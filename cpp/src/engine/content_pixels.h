// SPDX-License-Identifier: Apache-2.0
//
// A content that stays in the caller's memory, or in a copy of it in the caller's format.
#pragma once

#include <vector>

#include "fastphoto/engine/report.h"
#include "fastphoto/image.h"
#include "fastphoto/pixels.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// The photo at another size, in 0..1.
Image reduced(const Pixels& content, Size size, Threads threads);

/// The same pixels without gaps and without alpha, in `memory`, which must stay where it is.
Pixels copy_pixels(const Pixels& from, std::vector<char>& memory, Threads threads);

/// The alpha of pixels that have it, in `memory`, as pixels of which nothing else may be read.
Pixels copy_alpha(const Pixels& from, std::vector<float>& memory, Threads threads);

/// Whether both share memory without lying in the same order: then a row that is written may be one to be read yet.
bool overlaps_otherwise(const Pixels& content, const MutablePixels& result);

}  // namespace fastphoto
