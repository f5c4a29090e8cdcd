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

void map_row(const ColourMapRows& rows, double greyness, Index row, const float* from, Index width, float* to) {
  rows.apply(row, from, to);
  if (greyness > 0.0) {
    take_colours(to, width, greyness);
  }
}

/// The curves that bring the result, of which a sample is looked at, into 0..1.
GamutCurves find_curves(Workers& workers, const Pixels& content, const PairMap& map, double greyness,
                        const GamutOptions& gamut) {
  const Image sample = sample_of(workers, content, gamut_step(content.height, content.width));
  Image mapped(sample.height(), sample.width(), 3);
  const Index row_size = 3 * sample.width();
  const ColourMapRows rows(map.map, sample.height(), sample.width(), map.amount);
  workers.run(sample.height(), rows_per_chunk, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y) {
      map_row(rows, greyness, y, sample.data() + y * row_size, sample.width(), mapped.data() + y * row_size);
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
  workers.run(content.height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> colours(static_cast<std::size_t>(3 * width));
    std::vector<float> mapped(colours.size());
    std::vector<float> scratch(static_cast<std::size_t>(width));
    RowWriter writer(alpha_from, result);
    for (Index y = begin; y < end; ++y) {
      read_rgb(content, y, colours.data());
      map_row(rows, greyness, y, colours.data(), width, mapped.data());
      curves.apply_to_row(width, mapped.data(), scratch.data());
      writer.write(mapped.data(), y);
    }
  });
}

}  // namespace fastphoto
