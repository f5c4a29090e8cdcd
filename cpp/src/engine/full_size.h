// SPDX-License-Identifier: Apache-2.0
//
// The last steps of a large photo: what was smoothed at a smaller size becomes the result at full size.
#pragma once

#include "fastphoto/engine/report.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"
#include "fastphoto/pixels.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// The content at the size of its smoothing, and what became of it there.
struct SmallResult {
  Image content;   ///< in 0..1
  Image smoothed;  ///< not yet in 0..1
};

/// Turns content and result into maps of colours, enlarges the maps, and applies them to the full photo, with gamut and
/// detail. Two passes: one over a sample of the pixels, for what depends on all of them, and one over all. A row that
/// has been read is written at once, so the result may lie where the content does, if both lie in the same order.
///
/// @param content     checked.
/// @param alpha_from  as in write_pixels().
void finish_at_full_size(const Pixels& content, SmallResult small, const GamutOptions& gamut,
                         const DetailOptions& detail, const Pixels& alpha_from, const MutablePixels& result,
                         Threads threads);

}  // namespace fastphoto
