// SPDX-License-Identifier: Apache-2.0
//
// A photo with transparency as the network sees it: what is hidden has no say.
#pragma once

#include <array>

#include "fastphoto/engine/report.h"
#include "fastphoto/image.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// Colours under transparent pixels are arbitrary. They are covered by the mean of what can be seen, and do not count
/// in statistics.
class VisiblePhoto {
 public:
  /// @param alpha  height x width, 0..1, or empty: all is visible.
  /// @param name   of the photo, for messages.
  /// @throws Error(InvalidArgument) for alpha of another size, with other values, or without anything visible.
  VisiblePhoto(const ImageView& photo, const ImageView& alpha, const char* name);

  /// The photo over the mean of its visible colours; the photo itself if it has no alpha. A copy: `photo` may change.
  const ImageView& view() const noexcept { return view_; }

  bool has_alpha() const noexcept { return alpha_.data != nullptr; }

  /// Puts the mean where `photo`, of the same size, is transparent: what is hidden has no say later either.
  void cover(Image& photo) const;

  /// How much each pixel counts at another size: height x width, 0..1. Needs alpha.
  Image weights(Size size, Threads threads) const;

 private:
  ImageView view_;
  ImageView alpha_;
  Image covered_;
  std::array<float, 3> mean_{};
};

}  // namespace fastphoto
