// SPDX-License-Identifier: Apache-2.0
//
// Strengths apart: how much of a result's change of tone, of colour and of white balance comes through.
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// Mixes a result anew from its content and what changed, in place.
///
/// A change is split into luma y (Rec. 709, moved along grey) and chroma c (the rest, without luma). The mean m of all
/// changes of chroma is the shift of white balance. With factors t, s and w of tone, colour and white balance,
///
///     y' = y_content + t (y_result - y_content)
///     c' = (1 - k + k d) c_content + (1 - k) (s (c_result - c_content - m) + w m),    d = min(1, y' / y_content)
///
/// where k (0 .. 1) is how much of a pixel's chroma is to be kept: 1 for colours of skin, or for neutral ones, as
/// asked for, with soft borders. Where a kept colour becomes darker, d keeps its saturation. Skin is an ellipse in Cb
/// and Cr around the ranges 77 .. 127 and 133 .. 173 (Chai and Ngan, "Face segmentation using skin-color map in
/// videophone applications", IEEE Trans. CSVT 9(4), 1999). Colours out of range lose chroma, not luma; luma beyond the
/// range is compressed as in gamut.h.
///
/// With all factors 1 and nothing to preserve the result stays as it is, bit for bit.
///
/// @param content  H x W x 3, finite, in 0..1.
/// @param result   H x W x 3, interleaved, finite, in 0..1.
/// @throws Error(InvalidArgument)
FASTPHOTO_API void adjust(const ImageView& content, Image& result, const AdjustmentOptions& options = {},
                          const GamutOptions& gamut = {}, Threads threads = {});

/// Whether adjust() would change anything.
FASTPHOTO_API bool adjusts(const AdjustmentOptions& options) noexcept;

}  // namespace fastphoto
