// SPDX-License-Identifier: Apache-2.0
//
// Matches the labels of a content's mask with those of a look.
#include "engine/matched_labels.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace fastphoto {

namespace {

/// Of a photo without a mask: the visible part, and the rest.
MatchedLabels visible_part(const Image& visible) {
  MatchedLabels matched;
  LabelWeights whole;
  whole.labels = matched.labels;
  whole.weights = Image(visible.height(), visible.width(), 1, Layout::Planar);
  std::copy_n(visible.data(), visible.height() * visible.width(), whole.weights.data());
  matched.weights = whole.select(matched.labels);
  return matched;
}

}  // namespace

LabelWeights visible_labels(const MaskView& mask, const Image& visible, Size size, const char* name) {
  LabelWeights labels = label_weights(mask, size.height, size.width, name);
  if (visible.data() != nullptr) {
    const Index pixels = size.height * size.width;
    for (Index k = 0; k < labels.weights.channels(); ++k) {
      float* const plane = labels.weights.data() + k * pixels;
      std::transform(plane, plane + pixels, visible.data(), plane, [](float weight, float a) { return weight * a; });
    }
  }
  return labels;
}

MatchedLabels match_labels(const Look& look, const MaskView& mask, const Image& visible, Size size,
                           const LabelOptions& options, Report& report) {
  if (!mask.given()) {
    return visible.data() == nullptr ? MatchedLabels{} : visible_part(visible);
  }
  const LabelWeights content = visible_labels(mask, visible, size, "content mask");
  std::map<std::int64_t, double> content_areas;
  const std::vector<double> areas = content.areas();
  for (std::size_t k = 0; k < areas.size(); ++k) {
    content_areas[content.labels[k]] = areas[k];
  }
  std::map<std::int64_t, double> style_areas;
  for (const auto& [label, style] : look.labels) {
    style_areas[label] = style.area;
  }
  MatchedLabels matched;
  matched.labels = shared_labels(content_areas, style_areas, options);
  matched.weights = content.select(matched.labels);
  report.labels = matched.labels;
  std::copy_if(content.labels.begin(), content.labels.end(), std::back_inserter(report.kept_labels),
               [&](std::int64_t label) {
                 return std::find(matched.labels.begin(), matched.labels.end(), label) == matched.labels.end();
               });
  return matched;
}

}  // namespace fastphoto
