// SPDX-License-Identifier: Apache-2.0
//
// Masks: hard label maps and soft weights, as weights of labels.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

enum class LabelType : std::uint8_t { UInt8, Int32, Int64 };

/// A mask in the caller's memory: a label map of whole numbers, or soft weights. Default: no mask.
struct MaskView {
  const void* labels = nullptr;  ///< height x width whole numbers; or
  LabelType type = LabelType::UInt8;
  Index height = 0;
  Index width = 0;
  Index row_stride = 0;     ///< bytes
  Index column_stride = 0;  ///< bytes

  ImageView weights;  ///< height x width x K: weights of labels 0 .. K - 1, at least 0, at most 1 in sum per pixel

  /// The photo's own transparency, which a photo without a mask may have as well: height x width of the photo, 0..1, 1
  /// is opaque. What is transparent does not count.
  ImageView alpha;

  bool given() const noexcept { return labels != nullptr || weights.data != nullptr; }
};

/// Height x width labels without gaps.
FASTPHOTO_API MaskView label_map(const void* labels, LabelType type, Index height, Index width);

/// Labels of a photo and how much each pixel belongs to them.
struct FASTPHOTO_API LabelWeights {
  std::vector<std::int64_t> labels;  ///< ascending
  Image weights;                     ///< K x H x W, planar, at most 1 in sum per pixel

  /// Pixels of each label: sums of weights, in the labels' order.
  std::vector<double> areas() const;

  /// The weights of some labels and, last, what is left of each pixel for none of them: planar, chosen.size() + 1.
  Image select(const std::vector<std::int64_t>& chosen) const;
};

/// Reads a mask at the size of its photo. Label maps are resized by nearest neighbour, soft weights bilinearly.
///
/// @param name  of the argument, for messages.
/// @throws Error(InvalidArgument) for an empty mask, more than 256 labels, or weights that are not weights.
FASTPHOTO_API LabelWeights label_weights(const MaskView& mask, Index height, Index width, const char* name);

/// The labels that take part: both photos have more than min_area pixels of it, and neither has max_area_ratio times
/// the other's or more (FastPhotoStyle's rule, at working size).
///
/// @throws Error(InvalidArgument) if there are none.
FASTPHOTO_API std::vector<std::int64_t> shared_labels(const std::map<std::int64_t, double>& content,
                                                      const std::map<std::int64_t, double>& style,
                                                      const LabelOptions& options = {});

}  // namespace fastphoto
