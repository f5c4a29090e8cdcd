// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "fastphoto/image.h"

namespace fastphoto {

/// The content's three colours, planar and without gaps; padded where the system is.
struct ColorPlanes {
  Index height = 0;
  Index width = 0;
  std::vector<float> samples;

  Index plane() const { return height * width; }
  float* row(Index channel, Index y) { return samples.data() + channel * plane() + y * width; }
  const float* row(Index channel, Index y) const { return samples.data() + channel * plane() + y * width; }
};

}  // namespace fastphoto
