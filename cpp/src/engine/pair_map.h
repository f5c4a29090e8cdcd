// SPDX-License-Identifier: Apache-2.0
//
// What the engine does to colours beside the chain: the estimator's map for one pair of photos, and grey styles.
#pragma once

#include <optional>

#include "colour/colour_map_rows.h"
#include "engine/chain.h"
#include "fastphoto/colour_map.h"
#include "fastphoto/engine/bundle.h"
#include "fastphoto/engine/look.h"
#include "fastphoto/engine/report.h"
#include "fastphoto/image.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// The estimator's map of colours for one pair of photos, and how much of it is applied.
struct PairMap {
  /// @param strength  0..1. Where the fit is below the estimator's least_fit, the map gets a share of it.
  /// @param insist    the map is enlarged by 1 / fit instead, at most twofold.
  PairMap(const Estimator& estimator, Estimate estimate, double strength, bool insist);

  /// H x W x 3, interleaved, not clipped.
  Image apply(const ImageView& photo, Threads threads) const { return map_colours(map, photo, amount, threads); }

  ColourMap map;
  double amount;  ///< above 1 it goes beyond the map
  std::optional<LookFit> look_fit;
};

/// Whether the model does nothing but map colours: then equal colours stay equal, and there is no structure to mend.
bool maps_colours_only(const Manifest& manifest);

/// Whether the style has no colours: all of it lies along grey, but for a level of 255.
bool is_grey(const Manifest& manifest, const LabelLook& style);

/// Moves the colours of `count` RGB pixels towards their luma: share 1 leaves grey.
void take_colours(float* pixels, Index count, double share);

}  // namespace fastphoto
