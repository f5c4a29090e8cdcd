// SPDX-License-Identifier: Apache-2.0
//
// Mixes tone, colour and white balance of a result anew, and keeps what the user asked to keep.
#include "fastphoto/adjustment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/luma.h"
#include "base/parallel.h"
#include "fastphoto/gamut.h"

namespace fastphoto {

namespace {

constexpr double largest_factor = 1.5;

// The centre and half the width of the ranges of skin, in 8-bit steps; inside 1 all is kept, beyond the fade nothing.
constexpr float skin_cb = 102.0F;
constexpr float skin_cb_width = 25.0F;
constexpr float skin_cr = 153.0F;
constexpr float skin_cr_width = 20.0F;
constexpr float skin_fade = 1.4F;

// The largest difference of two channels: below the first a colour is neutral, above the second it is not.
constexpr float neutral = 0.02F;
constexpr float coloured = 0.08F;

using Colour = std::array<float, 3>;

Colour colour_at(const ImageView& photo, Index y, Index x) {
  return {photo.at(y, x, 0), photo.at(y, x, 1), photo.at(y, x, 2)};
}

float luma_of(const Colour& colour) { return luma(colour[0], colour[1], colour[2]); }

/// 1 up to `begin`, 0 from `end` on, smooth between (a cubic).
float fade(float value, float begin, float end) {
  const float t = std::clamp((value - begin) / (end - begin), 0.0F, 1.0F);
  return 1.0F - t * t * (3.0F - 2.0F * t);
}

float skin(const Colour& colour) {
  const float cb = 128.0F + 255.0F * (-0.168736F * colour[0] - 0.331264F * colour[1] + 0.5F * colour[2]);
  const float cr = 128.0F + 255.0F * (0.5F * colour[0] - 0.418688F * colour[1] - 0.081312F * colour[2]);
  const float from_cb = (cb - skin_cb) / skin_cb_width;
  const float from_cr = (cr - skin_cr) / skin_cr_width;
  return fade(std::sqrt(from_cb * from_cb + from_cr * from_cr), 1.0F, skin_fade);
}

float greyness(const Colour& colour) {
  const auto [least, most] = std::minmax_element(colour.begin(), colour.end());
  return fade(*most - *least, neutral, coloured);
}

/// How much of a pixel's chroma is kept.
float kept(const Colour& content, const AdjustmentOptions& options) {
  float open = 1.0F;
  if (options.preserve_skin) {
    open *= 1.0F - skin(content);
  }
  if (options.preserve_neutrals) {
    open *= 1.0F - greyness(content);
  }
  return 1.0F - open;
}

/// The largest share of the chroma with which no channel leaves 0..1 at that luma.
float room(float grey, const Colour& chroma) {
  float share = 1.0F;
  for (const float c : chroma) {
    if (grey + c > 1.0F) {
      share = std::min(share, (1.0F - grey) / c);
    } else if (grey + c < 0.0F) {
      share = std::min(share, -grey / c);
    }
  }
  return share;
}

/// The mean change of chroma. Rows are summed apart and in order, so that threads change nothing.
Colour mean_shift(Workers& workers, const ImageView& content, const ImageView& result) {
  std::vector<std::array<double, 3>> rows(static_cast<std::size_t>(content.height));
  workers.run(content.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y) {
      std::array<double, 3>& sums = rows[static_cast<std::size_t>(y)];
      for (Index x = 0; x < content.width; ++x) {
        const Colour from = colour_at(content, y, x);
        const Colour to = colour_at(result, y, x);
        const float lift = luma_of(to) - luma_of(from);
        for (std::size_t c = 0; c < 3; ++c) {
          sums[c] += static_cast<double>(to[c] - from[c] - lift);
        }
      }
    }
  });
  std::array<double, 3> total{};
  for (const std::array<double, 3>& row : rows) {
    for (std::size_t c = 0; c < 3; ++c) {
      total[c] += row[c];
    }
  }
  const auto pixels = static_cast<double>(content.pixels());
  return {static_cast<float>(total[0] / pixels), static_cast<float>(total[1] / pixels),
          static_cast<float>(total[2] / pixels)};
}

void require_options(const AdjustmentOptions& options) {
  const auto in_range = [](double factor) { return factor >= 0.0 && factor <= largest_factor; };
  require_option(in_range(options.tone), "tone", options.tone, "between 0 and 1.5");
  require_option(in_range(options.colour), "colour", options.colour, "between 0 and 1.5");
  require_option(in_range(options.white_balance), "white_balance", options.white_balance, "between 0 and 1.5");
}

/// The luma that each pixel gets, in 0..1.
Image target_luma(Workers& workers, const ImageView& content, const ImageView& result, const AdjustmentOptions& options,
                  const GamutOptions& gamut, Threads threads) {
  const auto tone = static_cast<float>(options.preserve_luminance ? 0.0 : options.tone);
  Image lumas(content.height, content.width, 1);
  workers.run(content.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y) {
      for (Index x = 0; x < content.width; ++x) {
        const float from = luma_of(colour_at(content, y, x));
        const float to = luma_of(colour_at(result, y, x));
        lumas.data()[y * content.width + x] = from + tone * (to - from);
      }
    }
  });
  if (tone > 1.0F) {
    compress_to_gamut(lumas, gamut, threads);
  }
  return lumas;
}

}  // namespace

bool adjusts(const AdjustmentOptions& options) noexcept {
  return options.tone != 1.0 || options.colour != 1.0 || options.white_balance != 1.0 || options.preserve_luminance ||
         options.preserve_skin || options.preserve_neutrals;
}

void adjust(const ImageView& content, Image& result, const AdjustmentOptions& options, const GamutOptions& gamut,
            Threads threads) {
  require_options(options);
  Workers workers(threads);
  require_image(workers, content, "content", 3);
  require_image(workers, result.view(), "result", 3);
  require_interleaved(result, "result");
  require_same_size(content, "content", result.view(), "result");
  if (!adjusts(options)) {
    return;
  }
  const ImageView changed = result.view();
  const Colour shift = mean_shift(workers, content, changed);
  const Image lumas = target_luma(workers, content, changed, options, gamut, threads);
  const auto colour = static_cast<float>(options.colour);
  const auto balance = static_cast<float>(options.white_balance);
  workers.run(content.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y) {
      for (Index x = 0; x < content.width; ++x) {
        const Colour from = colour_at(content, y, x);
        const Colour to = colour_at(changed, y, x);
        const float grey = std::clamp(lumas.data()[y * content.width + x], 0.0F, 1.0F);
        const float base = luma_of(from);
        const float lift = luma_of(to) - base;
        const float keep = kept(from, options);
        const float open = 1.0F - keep;
        const float dimmed = base > grey ? 1.0F - keep * (1.0F - grey / base) : 1.0F;
        Colour chroma{};
        for (std::size_t c = 0; c < 3; ++c) {
          const float change = to[c] - from[c] - lift;
          chroma[c] = dimmed * (from[c] - base) + open * (colour * (change - shift[c]) + balance * shift[c]);
        }
        const float share = room(grey, chroma);
        float* const pixel = result.data() + 3 * (y * content.width + x);
        for (std::size_t c = 0; c < 3; ++c) {
          pixel[c] = std::clamp(grey + share * chroma[c], 0.0F, 1.0F);
        }
      }
    }
  });
}

}  // namespace fastphoto
