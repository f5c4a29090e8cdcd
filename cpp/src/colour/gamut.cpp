// SPDX-License-Identifier: Apache-2.0
//
// Compresses shadows and highlights that lie beyond 0..1, by no more than the photo needs.
#include "fastphoto/gamut.h"

#include <vector>

#include "base/check.h"
#include "base/multiversion.h"
#include "colour/gamut_curves.h"

namespace fastphoto {

namespace {

FASTPHOTO_MULTIVERSION void clip(Index count, float* values) {
  for (Index i = 0; i < count; ++i) {
    const float low = values[i] > 0.0F ? values[i] : 0.0F;
    values[i] = low < 1.0F ? low : 1.0F;
  }
}

FASTPHOTO_MULTIVERSION void take_channel(const float* from, Index channels, Index count, float* to) {
  for (Index x = 0; x < count; ++x) {
    to[x] = from[x * channels];
  }
}

FASTPHOTO_MULTIVERSION void put_channel(const float* from, Index channels, Index count, float* to) {
  for (Index x = 0; x < count; ++x) {
    to[x * channels] = from[x];
  }
}

}  // namespace

void compress_to_gamut(Image& photo, const GamutOptions& options, Threads threads) {
  require_gamut_options(options);
  Workers workers(threads);
  require_image(workers, photo.view(), "photo", 0);
  require_interleaved(photo, "photo");
  const Index channels = photo.channels();
  const Index width = photo.width();
  const GamutCurves curves(workers, photo, gamut_step(photo.height(), width), options);

  workers.run(photo.height(), rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> values(static_cast<std::size_t>(width));
    for (Index row = begin; row < end; ++row) {
      float* const pixels_of_row = photo.data() + row * width * channels;
      for (Index c = 0; c < channels; ++c) {
        if (!curves.bend(c)) {
          continue;
        }
        take_channel(pixels_of_row + c, channels, width, values.data());
        curves.apply(c, width, values.data());
        put_channel(values.data(), channels, width, pixels_of_row + c);
      }
      clip(width * channels, pixels_of_row);
    }
  });
}

}  // namespace fastphoto
