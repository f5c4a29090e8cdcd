// SPDX-License-Identifier: Apache-2.0
//
// Applies the estimator's map as far as its own doubt allows, and takes colours where the style has none.
#include "engine/pair_map.h"

#include <algorithm>
#include <utility>

#include "base/luma.h"
#include "fastphoto/statistics.h"

namespace fastphoto {

namespace {

// Who insists gets the map enlarged by no more than its inverse.
constexpr double least_insisted_fit = 0.5;

// Root mean square distance from grey below which a style has no colours: one level of 255, as JPEG's rounding makes.
constexpr double least_chroma = 1.0 / 255.0;

}  // namespace

PairMap::PairMap(const Estimator& estimator, Estimate estimate, double strength, bool insist)
    : map{estimator.map, estimator.extents, std::move(estimate.parameters)},
      amount(strength),
      look_fit(estimate.look_fit) {
  if (!look_fit) {
    return;
  }
  if (insist) {
    // An estimate is a mean of what is likely, so it falls short of the look by the share that is not explained.
    amount /= std::max(look_fit->fit, least_insisted_fit);
  } else if (look_fit->fit < estimator.least_fit) {
    amount *= look_fit->fit / estimator.least_fit;
  }
  look_fit->applied_strength = amount;
}

bool maps_colours_only(const Manifest& manifest) {
  return manifest.estimator && manifest.alignments.size() == 1 && manifest.estimator->map != ColourMapKind::Grid;
}

bool is_grey(const Manifest& manifest, const LabelLook& style) {
  if (manifest.alignments.front().channels != 3 || manifest.alignments.front().stride != 1) {
    return false;
  }
  const Statistics& colours = style.statistics.front();
  const Matrix squares = colours.covariance + colours.mean * colours.mean.transpose();
  const double along_grey = squares.sum() / 3.0;
  return squares.trace() - along_grey < least_chroma * least_chroma;
}

void take_colours(float* pixels, Index count, double share) {
  const auto amount = static_cast<float>(share);
  float* pixel = pixels;
  for (Index i = 0; i < count; ++i, pixel += 3) {
    const float grey = luma(pixel[0], pixel[1], pixel[2]);
    for (Index c = 0; c < 3; ++c) {
      pixel[c] += amount * (grey - pixel[c]);
    }
  }
}

}  // namespace fastphoto
