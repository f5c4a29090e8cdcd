// SPDX-License-Identifier: Apache-2.0
//
// Applies enlarged maps, gamut and detail to a photo row by row, straight from the caller's pixels to the caller's.
#include "engine/full_size.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/luma.h"
#include "base/multiversion.h"
#include "base/parallel.h"
#include "base/pixel_rows.h"
#include "base/row_sums.h"
#include "colour/gamut_curves.h"
#include "engine/photo_sample.h"
#include "fastphoto/local_affine_maps.h"
#include "fastphoto/resample.h"
#include "filters/affine_map_fit.h"
#include "filters/detail_rows.h"
#include "filters/enlarged_maps.h"
#include "filters/guided_rows.h"

namespace fastphoto {

namespace {

// The guided filter of the detail is so wide that it changes little from pixel to pixel: its maps are found at this
// size (He, Sun, "Fast Guided Filter", arXiv 1505.00996).
constexpr Index detail_side = 640;

using Room = std::vector<float>;

Room room(Index count) { return Room(static_cast<std::size_t>(count)); }

// --- rows of samples ------------------------------------------------------------------------------------------------

FASTPHOTO_MULTIVERSION void luma_row(const float* colours, Index width, float* FASTPHOTO_RESTRICT lumas) {
  for (Index x = 0; x < width; ++x) {
    lumas[x] = luma(colours[3 * x], colours[3 * x + 1], colours[3 * x + 2]);
  }
}

/// Pixels of four channels as four rows of `width`.
FASTPHOTO_MULTIVERSION void separate(const float* pixels, Index width, float* FASTPHOTO_RESTRICT rows) {
  for (Index x = 0; x < width; ++x) {
    rows[x] = pixels[4 * x];
    rows[width + x] = pixels[4 * x + 1];
    rows[2 * width + x] = pixels[4 * x + 2];
    rows[3 * width + x] = pixels[4 * x + 3];
  }
}

FASTPHOTO_MULTIVERSION void clip(Index count, float* values) {
  for (Index i = 0; i < count; ++i) {
    const float low = values[i] > 0.0F ? values[i] : 0.0F;
    values[i] = low < 1.0F ? low : 1.0F;
  }
}

/// k d_c - d_r, from k l_c, l_r and what the guided filter leaves of the two: k s_c - s_r.
FASTPHOTO_MULTIVERSION void compare(const float* content_lumas, float gain, const float* rows, Index width,
                                    float* FASTPHOTO_RESTRICT change) {
  for (Index x = 0; x < width; ++x) {
    change[x] = gain * content_lumas[x] - luma(rows[x], rows[width + x], rows[2 * width + x]) - rows[3 * width + x];
  }
}

FASTPHOTO_MULTIVERSION void add_and_join(const float* rows, const float* change, Index width,
                                         float* FASTPHOTO_RESTRICT colours) {
  for (Index x = 0; x < width; ++x) {
    for (Index c = 0; c < 3; ++c) {
      const float sum = rows[c * width + x] + change[x];
      const float low = sum > 0.0F ? sum : 0.0F;
      colours[3 * x + c] = low < 1.0F ? low : 1.0F;
    }
  }
}

// --- the maps -------------------------------------------------------------------------------------------------------

/// Maps of colours in the first three channels; the fourth is free.
Image fit_padded_maps(Workers& workers, const SmallResult& small) {
  Image maps(small.content.height(), small.content.width(), enlarged_map_numbers);
  fit_maps(workers, small.content.view(), small.smoothed.view(), {}, enlarged_map_numbers, maps.data());
  return maps;
}

/// What the guided filter of the detail applies at each pixel of the small photo: for the content's luma and the
/// result's a factor of the content's luma and an offset, h x w x 4.
Image detail_maps(Workers& workers, const SmallResult& small, const DetailOptions& options, Threads threads) {
  const Index height = small.content.height();
  const Index width = small.content.width();
  Image lumas(height, width, 2);
  for (Index i = 0; i < height * width; ++i) {
    const float* const c = small.content.data() + 3 * i;
    const float* const r = small.smoothed.data() + 3 * i;
    lumas.data()[2 * i] = luma(c[0], c[1], c[2]);
    lumas.data()[2 * i + 1] = luma(r[0], r[1], r[2]);
  }
  const Index longer = std::max(height, width);
  if (longer > detail_side) {
    const auto scaled = [&](Index side) { return std::max<Index>(1, (side * detail_side + longer / 2) / longer); };
    lumas = resize(lumas.view(), scaled(height), scaled(width), threads);
  }
  ImageView guide = lumas.view();
  guide.channels = 1;
  Image maps(lumas.height(), lumas.width(), 4);
  const Index row_size = 4 * lumas.width();
  guided_map_rows(workers, guide, lumas.view(),
                  {detail_radius(options, std::max(lumas.height(), lumas.width())), options.edge_variance},
                  [&](Index row, const float* found) { std::copy_n(found, row_size, maps.data() + row * row_size); });
  return lumas.height() == height && lumas.width() == width ? std::move(maps)
                                                            : resize(maps.view(), height, width, threads);
}

/// The fourth channel becomes share_c s_c + share_r s_r, with s what the detail's guided filter makes of a luma.
void set_smooth_luma(Workers& workers, const Image& of_detail, float share_c, float share_r, Image& maps) {
  workers.run(maps.height(), rows_per_chunk, [&](Index begin, Index end) {
    for (Index i = begin * maps.width(); i < end * maps.width(); ++i) {
      const float* const found = of_detail.data() + 4 * i;
      float* const to = maps.data() + enlarged_map_numbers * i + affine_map_numbers;
      const float factor = share_c * found[0] + share_r * found[2];
      to[0] = factor * luma(1.0F, 0.0F, 0.0F);
      to[1] = factor * luma(0.0F, 1.0F, 0.0F);
      to[2] = factor * luma(0.0F, 0.0F, 1.0F);
      to[3] = share_c * found[1] + share_r * found[3];
    }
  });
}

// --- the sample -----------------------------------------------------------------------------------------------------

/// use(y, colours, rows) for each row of the sample: the content's colours, and the maps' four channels apart.
template <class Use>
void map_sample(Workers& workers, const Image& sample, const EnlargedMaps& maps, const Use& use) {
  const Index width = sample.width();
  workers.run(sample.height(), rows_per_chunk, [&](Index begin, Index end) {
    EnlargedMaps::Scratch scratch;
    Room colours = room(3 * width + 1);
    Room pixels = room(enlarged_channels * width);
    Room rows = room(enlarged_channels * width);
    for (Index y = begin; y < end; ++y) {
      std::copy_n(sample.data() + y * width * 3, width * 3, colours.data());
      maps.apply(y, colours.data(), scratch, pixels.data());
      separate(pixels.data(), width, rows.data());
      use(y, colours.data(), rows.data());
    }
  });
}

void bend(const GamutCurves& curves, Index width, float* rows) {
  for (Index c = 0; c < 3; ++c) {
    curves.apply(c, width, rows + c * width);
  }
  clip(3 * width, rows);
}

/// The curves that bring the result, of which the sample is a part, into 0..1.
GamutCurves find_curves(Workers& workers, const Image& sample, const EnlargedMaps& maps, const GamutOptions& options) {
  const Index width = sample.width();
  Image found(sample.height(), width, 3);
  map_sample(workers, sample, maps, [&](Index y, const float*, const float* rows) {
    for (Index x = 0; x < width; ++x) {
      for (Index c = 0; c < 3; ++c) {
        found.data()[(y * width + x) * 3 + c] = rows[c * width + x];
      }
    }
  });
  return {workers, found, 1, options};
}

/// Sums of the content's luma (`own` false) or of the result's; the maps' fourth channel is what the guided filter
/// makes of that luma.
LumaSums luma_sums(Workers& workers, const Image& sample, const EnlargedMaps& maps, const GamutCurves& curves,
                   bool own) {
  const Index width = sample.width();
  RowSums sums(sample.height(), 3);
  map_sample(workers, sample, maps, [&](Index y, const float* colours, float* rows) {
    if (own) {
      bend(curves, width, rows);
    }
    double tones = 0.0;
    double squared_tones = 0.0;
    double squared_details = 0.0;
    for (Index x = 0; x < width; ++x) {
      const float l = own ? luma(rows[x], rows[width + x], rows[2 * width + x])
                          : luma(colours[3 * x], colours[3 * x + 1], colours[3 * x + 2]);
      const auto tone = static_cast<double>(rows[3 * width + x]);
      const auto detail = static_cast<double>(l - rows[3 * width + x]);
      tones += tone;
      squared_tones += tone * tone;
      squared_details += detail * detail;
    }
    sums.at(y, 0) = tones;
    sums.at(y, 1) = squared_tones;
    sums.at(y, 2) = squared_details;
  });
  const PerChannel totals = sums.total();
  return {static_cast<double>(sample.height() * width), totals[0], totals[1], totals[2]};
}

void bend_small(Workers& workers, const GamutCurves& curves, Image& photo) {
  const Index width = photo.width();
  workers.run(photo.height(), rows_per_chunk, [&](Index begin, Index end) {
    Room rows = room(3 * width);
    for (Index y = begin; y < end; ++y) {
      float* const pixels = photo.data() + y * width * 3;
      for (Index c = 0; c < 3; ++c) {
        for (Index x = 0; x < width; ++x) {
          rows[static_cast<std::size_t>(c * width + x)] = pixels[3 * x + c];
        }
      }
      bend(curves, width, rows.data());
      for (Index c = 0; c < 3; ++c) {
        for (Index x = 0; x < width; ++x) {
          pixels[3 * x + c] = rows[static_cast<std::size_t>(c * width + x)];
        }
      }
    }
  });
}

}  // namespace

void finish_at_full_size(const Pixels& content, SmallResult small, const GamutOptions& gamut,
                         const DetailOptions& detail, const Pixels& alpha_from, const MutablePixels& result,
                         Threads threads) {
  require_gamut_options(gamut);
  require_detail_options(detail);
  Workers workers(threads);
  const Index height = content.height;
  const Index width = content.width;
  Image maps = fit_padded_maps(workers, small);

  // What depends on all pixels: the curves of the gamut and the strength of the detail.
  const Index step = gamut_step(height, width);
  const Image sample = sample_of(workers, content, step);
  const EnlargedMaps sampled(maps, height, width, step);
  const GamutCurves curves = find_curves(workers, sample, sampled, gamut);
  bend_small(workers, curves, small.smoothed);
  const Image of_detail = detail_maps(workers, small, detail, threads);
  set_smooth_luma(workers, of_detail, 1.0F, 0.0F, maps);
  const LumaSums of_content = luma_sums(workers, sample, sampled, curves, false);
  set_smooth_luma(workers, of_detail, 0.0F, 1.0F, maps);
  const LumaSums of_result = luma_sums(workers, sample, sampled, curves, true);
  const DetailChange replace(of_content, of_result, detail);
  set_smooth_luma(workers, of_detail, replace.gain(), -1.0F, maps);

  const EnlargedMaps enlarged(maps, height, width);
  workers.run(height, rows_per_chunk, [&](Index begin, Index end) {
    EnlargedMaps::Scratch scratch;
    Room colours = room(3 * width + 1);
    Room pixels = room(enlarged_channels * width);
    Room rows = room(enlarged_channels * width);
    Room lumas = room(width);
    Room change = room(width);
    RowWriter writer(alpha_from, result);
    for (Index y = begin; y < end; ++y) {
      read_rgb(content, y, colours.data());
      enlarged.apply(y, colours.data(), scratch, pixels.data());
      separate(pixels.data(), width, rows.data());
      bend(curves, width, rows.data());
      luma_row(colours.data(), width, lumas.data());
      compare(lumas.data(), replace.gain(), rows.data(), width, change.data());
      replace.limit(change.data(), width);
      add_and_join(rows.data(), change.data(), width, colours.data());
      writer.write(colours.data(), y);
    }
  });
}

}  // namespace fastphoto
