// SPDX-License-Identifier: Apache-2.0
//
// Closed-form smoothing of a photo at a smaller size.
#pragma once

#include "fastphoto/closed_form_smoothing.h"
#include "fastphoto/engine/report.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// The size at which a photo is smoothed: about `most_pixels`, or its own if it is hardly larger.
Size smoothing_size(Size photo, double most_pixels, double hardly_larger);

struct SmallerSmoothing {
  Image smoothed;
  SmoothingInfo info;           ///< of the larger solve
  double expected_error = 0.0;  ///< mean difference to the exact solution that is to be expected, 0..1
};

/// What the exact solution of the full photo is at the size of `content`, nearly.
///
/// A window of 3 x 3 pixels of the smaller photo is k times as wide in the full one, k = `ratio`. There are k^2 times
/// fewer windows, so the stylised photo must weigh k^2 times as much for the same balance; colours vary more in a wider
/// window, so eps must grow as well. The powers were fitted to exact solutions (docs/smoothing.md).
///
/// What the powers get wrong grows with k. Therefore the same is done at half the size, and what the larger solution
/// shows to be wrong there is taken, times a factor, for what is wrong with the larger one: Richardson's extrapolation.
///
/// @param ratio  pixels of the full photo's side for each of the content's, 1 or more. 1 is an exact solve.
SmallerSmoothing smooth_smaller(const ImageView& content, const ImageView& stylized, double ratio,
                                const SmoothingOptions& options, const SolveOptions& solve, Threads threads);

}  // namespace fastphoto
