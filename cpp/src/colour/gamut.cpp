// SPDX-License-Identifier: Apache-2.0
//
// Compresses shadows and highlights that lie beyond 0..1, by no more than the photo needs.
#include "fastphoto/gamut.h"

#include <vector>

#include "base/check.h"
#include "colour/gamut_curves.h"

namespace fastphoto {

void compress_to_gamut(Image& photo, const GamutOptions& options, Threads threads) {
  require_gamut_options(options);
  Workers workers(threads);
  require_image(workers, photo.view(), "photo", 0);
  require_interleaved(photo, "photo");
  const Index width = photo.width();
  const GamutCurves curves(workers, photo, gamut_step(photo.height(), width), options);

  workers.run(photo.height(), rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> scratch(static_cast<std::size_t>(width));
    for (Index row = begin; row < end; ++row) {
      curves.apply_to_row(width, photo.data() + row * width * photo.channels(), scratch.data());
    }
  });
}

}  // namespace fastphoto
