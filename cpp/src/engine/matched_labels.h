// SPDX-License-Identifier: Apache-2.0
//
// Which of a photo's pixels follow which label of the look.
#pragma once

#include <cstdint>
#include <vector>

#include "fastphoto/engine/look.h"
#include "fastphoto/engine/report.h"
#include "fastphoto/image.h"
#include "fastphoto/labels.h"

namespace fastphoto {

/// The labels that take part in one call, and their weights at working size.
struct MatchedLabels {
  std::vector<std::int64_t> labels = {whole_photo};
  Image weights;  // planar, with a last one for all other pixels; empty without a mask or transparency
};

/// The weights of a mask's labels at that size, without what is transparent.
/// @param visible  the weights of the photo's visible part at that size; without data: all of it.
LabelWeights visible_labels(const MaskView& mask, const Image& visible, Size size, const char* name);

/// The labels of a content that the look has too. The report gets them, and those that stay as they are.
MatchedLabels match_labels(const Look& look, const MaskView& mask, const Image& visible, Size size,
                           const LabelOptions& options, Report& report);

}  // namespace fastphoto
