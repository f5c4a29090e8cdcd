// SPDX-License-Identifier: Apache-2.0
//
// Reducing a photo for the network, and applying the change that the network made to the full photo.
#include "engine/working_size.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/parallel.h"
#include "fastphoto/resample.h"

namespace fastphoto {

Size working_size(Size photo, Index max_side) {
  const Index longer = std::max(photo.height, photo.width);
  if (max_side >= longer) {
    return photo;
  }
  const double scale = static_cast<double>(max_side) / static_cast<double>(longer);
  const auto scaled = [scale](Index side) {
    return std::max<Index>(1, static_cast<Index>(std::nearbyint(static_cast<double>(side) * scale)));
  };
  return {scaled(photo.height), scaled(photo.width)};
}

void clip(Image& photo) {
  const Index samples = photo.view().pixels() * photo.channels();
  for (Index i = 0; i < samples; ++i) {
    photo.data()[i] = std::clamp(photo.data()[i], 0.0F, 1.0F);
  }
}

WorkingPhoto::WorkingPhoto(const ImageView& photo, Size size, Threads threads) : view(photo) {
  if (size.height == photo.height && size.width == photo.width) {
    return;
  }
  reduced = resize(photo, size.height, size.width, threads);
  clip(reduced);
  view = reduced.view();
}

Image at_full_size(Image restyled, const ImageView& small, const ImageView& content, Threads threads) {
  if (small.data == content.data) {
    return restyled;
  }
  for (Index y = 0; y < small.height; ++y) {
    for (Index x = 0; x < small.width; ++x) {
      for (Index c = 0; c < small.channels; ++c) {
        restyled.data()[(y * small.width + x) * small.channels + c] -= small.at(y, x, c);
      }
    }
  }
  Image result(content.height, content.width, content.channels);
  add_resized(content, restyled.view(), result, threads);
  return result;
}

}  // namespace fastphoto
