// SPDX-License-Identifier: Apache-2.0
//
// A synthetic photo: soft gradients of every colour, and a little noise.
#pragma once

#include <cmath>

#include "random_image.h"

namespace fastphoto {

inline Image photo(Index height, Index width, std::uint32_t seed) {
  Image image = random_image(height, width, 3, seed);
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      for (Index c = 0; c < 3; ++c) {
        const double phase =
            static_cast<double>(c + 1) * (0.05 * static_cast<double>(x) + 0.1 * static_cast<double>(y));
        const double wave = 0.5 + 0.35 * std::sin(phase + static_cast<double>(seed));
        float& sample = image.data()[(y * width + x) * 3 + c];
        sample = static_cast<float>(wave) + 0.1F * sample;
      }
    }
  }
  return image;
}

}  // namespace fastphoto
