// SPDX-License-Identifier: Apache-2.0
//
// Maps colours row by row, after a look at a sample of the pixels.
#include "engine/colours_only.h"

#include <vector>

#include "base/parallel.h"
#include "base/pixel_rows.h"
#include "colour/colour_map_rows.h"
#include "colour/gamut_curves.h"
#include "engine/photo_sample.h"

namespace fastphoto {

namespace {

/// The curves that bring the result, of which a sample is looked at, into 0..1.
GamutCurves find_curves(Workers& workers, const Pixels& content, const PairMap& map, double greyness,
                        const GamutOptions& gamut) {
  const Image sample = sample_of(workers, content, gamut_step(content.height, content.width));
  Image mapped(sample.height(), sample.width(), 3);
  const Index row_size = 3 * sample.width();
  const ColourMapRows rows(map.map, sample.height(), sample.width(), map.amount);
  workers.run(sample.height(), rows_per_chunk, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y) {
      float* const to = mapped.data() + y * row_size;
      rows.apply(y, sample.data() + y * row_size, to);
      if (greyness > 0.0) {
        take_colours(to, sample.width(), greyness);
      }
    }
  });
  return {workers, mapped, 1, gamut};
}

}  // namespace

void finish_colours(const Pixels& content, const PairMap& map, double greyness, const GamutOptions& gamut,
                    const Pixels& alpha_from, const MutablePixels& result, Threads threads) {
  require_gamut_options(gamut);
  Workers workers(threads);
  const Index width = content.width;
  const GamutCurves curves = find_curves(workers, content, map, greyness, gamut);
  const ColourMapRows rows(map.map, content.height, width, map.amount);
  const bool copies_alpha = result.has_alpha() && alpha_from.data != nullptr && alpha_from.has_alpha();
  workers.run(content.height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> colours(static_cast<std::size_t>(3 * width));
    std::vector<float> mapped(colours.size());
    std::vector<float> scratch(static_cast<std::size_t>(width));
    std::vector<float> alpha(static_cast<std::size_t>(width), 1.0F);
    for (Index y = begin; y < end; ++y) {
      read_rgb(content, y, colours.data());
      if (copies_alpha) {
        read_alpha(alpha_from, y, alpha.data());
      }
      rows.apply(y, colours.data(), mapped.data());
      if (greyness > 0.0) {
        take_colours(mapped.data(), width, greyness);
      }
      curves.apply_to_row(width, mapped.data(), scratch.data());
      write_rgb(mapped.data(), result, y);
      if (result.has_alpha()) {
        write_alpha(alpha.data(), result, y);
      }
    }
  });
}

}  // namespace fastphoto
