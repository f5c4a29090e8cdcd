// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "fastphoto/image.h"

namespace fastphoto {

/// Samples in [0, 1), the same on every platform (std::uniform_real_distribution is not).
inline Image random_image(Index height, Index width, Index channels, std::uint32_t seed = 1) {
  Image image(height, width, channels);
  std::uint32_t state = seed * 2654435761U + 1U;
  for (Index i = 0; i < height * width * channels; ++i) {
    state = state * 1664525U + 1013904223U;
    image.data()[i] = static_cast<float>(state >> 8) / 16777216.0F;
  }
  return image;
}

inline Image constant_image(Index height, Index width, Index channels, float value) {
  Image image(height, width, channels);
  for (Index i = 0; i < height * width * channels; ++i) {
    image.data()[i] = value;
  }
  return image;
}

inline bool equal(const ImageView& a, const ImageView& b) {
  bool same = a.height == b.height && a.width == b.width && a.channels == b.channels;
  for (Index y = 0; same && y < a.height; ++y) {
    for (Index x = 0; same && x < a.width; ++x) {
      for (Index c = 0; same && c < a.channels; ++c) {
        same = a.at(y, x, c) == b.at(y, x, c);
      }
    }
  }
  return same;
}

}  // namespace fastphoto
