// SPDX-License-Identifier: Apache-2.0
//
// Stretches a photo to the square that an estimator takes.
#include "engine/thumbnail.h"

#include <algorithm>

#include "fastphoto/resample.h"

namespace fastphoto {

std::vector<float> thumbnail(const ImageView& photo, Index side, Threads threads) {
  const Image square = resize(photo, side, side, threads);
  std::vector<float> planes(static_cast<std::size_t>(3 * side * side));
  for (Index i = 0; i < side * side; ++i) {
    for (Index c = 0; c < 3; ++c) {
      planes[static_cast<std::size_t>(c * side * side + i)] = std::clamp(square.data()[3 * i + c], 0.0F, 1.0F);
    }
  }
  return planes;
}

}  // namespace fastphoto
