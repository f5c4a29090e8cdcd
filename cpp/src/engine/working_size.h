// SPDX-License-Identifier: Apache-2.0
//
// The size at which the network looks at a photo, and the way back to full size.
#pragma once

#include "fastphoto/engine/report.h"
#include "fastphoto/image.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// The size of a photo whose longer side is to be at most `max_side` pixels; never larger than it is.
Size working_size(Size photo, Index max_side);

/// Cuts samples off at 0 and 1: Lanczos overshoots at edges.
void clip(Image& photo);

/// The photo at that size, in 0..1. A view of the photo itself if it has that size.
struct WorkingPhoto {
  WorkingPhoto(const ImageView& photo, Size size, Threads threads);

  ImageView view;
  Image reduced;  // empty if the photo has that size
};

/// The photo at another size, changed as its reduced copy `small` was changed into `restyled`. Only the change is
/// resized, so the content's own detail is never resampled.
Image at_full_size(Image restyled, const ImageView& small, const ImageView& content, Threads threads);

}  // namespace fastphoto
