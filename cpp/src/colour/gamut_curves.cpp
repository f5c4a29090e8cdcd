// SPDX-License-Identifier: Apache-2.0
//
// Finds how far a photo's channels lie beyond 0..1, and bends tones by as much.
#include "colour/gamut_curves.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>

#include "base/check.h"
#include "base/multiversion.h"

namespace fastphoto {

namespace {

// Quantiles are read from about this many pixels.
constexpr double sampled_pixels = 1e6;

/// How far the values of one channel lie beyond one end: all that do, and the nearest of those that do not.
struct Beyond {
  std::vector<float> excesses;
  float nearest = -std::numeric_limits<float>::infinity();  // 0 or less

  void add(float excess) {
    if (excess > 0.0F) {
      excesses.push_back(excess);
    } else {
      nearest = std::max(nearest, excess);
    }
  }

  void add(const Beyond& other) {
    excesses.insert(excesses.end(), other.excesses.begin(), other.excesses.end());
    nearest = std::max(nearest, other.nearest);
  }

  /// What `share` of all `count` values exceed, linear between two of them; 0 if that is within the range.
  double quantile(double share, Index count) {
    const double position = share * static_cast<double>(count - 1);
    const auto whole = static_cast<Index>(position);
    const double part = position - static_cast<double>(whole);
    if (whole >= static_cast<Index>(excesses.size())) {
      return 0.0;
    }
    const auto at = excesses.begin() + whole;
    std::nth_element(excesses.begin(), at, excesses.end(), std::greater<>());
    const auto here = static_cast<double>(*at);
    if (part == 0.0) {
      return here;
    }
    const auto next = at + 1 == excesses.end() ? nearest : *std::max_element(at + 1, excesses.end());
    return here + part * (static_cast<double>(next) - here);
  }

  /// The excess that counts.
  double counted(const double (&shares)[3], const double (&weights)[3], Index count) {
    double most = 0.0;
    for (std::size_t i = 0; i < 3; ++i) {
      most = std::max(most, weights[i] * quantile(shares[i], count));
    }
    return most;
  }
};

/// Both ends of a channel.
struct Ends {
  Beyond shadows;
  Beyond highlights;
};

std::vector<Ends> read_ends(Workers& workers, const Image& photo, Index step) {
  const Index channels = photo.channels();
  const auto size = static_cast<std::size_t>(channels);
  std::vector<Ends> total(size);
  std::mutex mutex;
  workers.run((photo.height() + step - 1) / step, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<Ends> found(size);
    for (Index row = begin * step; row < std::min(photo.height(), end * step); row += step) {
      const float* const values = photo.data() + row * photo.width() * channels;
      for (Index x = 0; x < photo.width(); x += step) {
        for (Index c = 0; c < channels; ++c) {
          Ends& ends = found[static_cast<std::size_t>(c)];
          ends.shadows.add(-values[x * channels + c]);
          ends.highlights.add(values[x * channels + c] - 1.0F);
        }
      }
    }
    // Threads come in any order; that of the values is of no account.
    const std::scoped_lock lock(mutex);
    for (std::size_t c = 0; c < size; ++c) {
      total[c].shadows.add(found[c].shadows);
      total[c].highlights.add(found[c].highlights);
    }
  });
  return total;
}

/// v', where (s - 1) u = (k - v) / k * -low / (k - low).
FASTPHOTO_INLINE float lifted(float value, float knee, float reach, float share) {
  const float depth = knee - value < reach ? knee - value : reach;
  return knee * (1.0F - depth / reach) / (1.0F + depth / knee * share);
}

FASTPHOTO_MULTIVERSION void lift_shadows(const GamutCurve& curve, Index count, float* FASTPHOTO_RESTRICT values) {
  const float knee = curve.knee;
  const float reach = curve.reach;
  const float share = curve.share;
  for (Index i = 0; i < count; ++i) {
    const float lift = lifted(values[i], knee, reach, share);
    values[i] = values[i] < knee ? lift : values[i];
  }
}

FASTPHOTO_MULTIVERSION void lower_highlights(const GamutCurve& curve, Index count, float* FASTPHOTO_RESTRICT values) {
  const float knee = curve.knee;
  const float reach = curve.reach;
  const float share = curve.share;
  for (Index i = 0; i < count; ++i) {
    const float mirrored = 1.0F - values[i];
    const float lowered = 1.0F - lifted(mirrored, knee, reach, share);
    values[i] = mirrored < knee ? lowered : values[i];
  }
}

bool is_share(double number) { return number >= 0.0 && number <= 1.0; }
bool is_positive(double number) { return std::isfinite(number) && number > 0.0; }

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

GamutCurve::GamutCurve(double excess, double largest_knee, const GamutOptions& options) {
  const double k = std::min(largest_knee, options.knee_per_excess * excess);
  bends = excess >= options.least_excess && k > 0.0;
  knee = static_cast<float>(k);
  reach = static_cast<float>(k + excess);
  share = static_cast<float>(excess / (k + excess));
}

void require_gamut_options(const GamutOptions& options) {
  for (std::size_t i = 0; i < 3; ++i) {
    require_option(is_share(options.shares[i]), "shares", options.shares[i], "between 0 and 1");
    require_option(is_share(options.shadows_counted[i]), "shadows_counted", options.shadows_counted[i],
                   "between 0 and 1");
    require_option(is_share(options.highlights_counted[i]), "highlights_counted", options.highlights_counted[i],
                   "between 0 and 1");
  }
  require_option(is_positive(options.knee_per_excess), "knee_per_excess", options.knee_per_excess, "positive");
  require_option(is_share(options.largest_shadow_knee), "largest_shadow_knee", options.largest_shadow_knee,
                 "between 0 and 1");
  require_option(is_share(options.largest_highlight_knee), "largest_highlight_knee", options.largest_highlight_knee,
                 "between 0 and 1");
  require_option(is_positive(options.least_excess), "least_excess", options.least_excess, "positive");
}

Index gamut_step(Index height, Index width) {
  const double pixels = static_cast<double>(height) * static_cast<double>(width);
  return std::max<Index>(1, static_cast<Index>(std::sqrt(pixels / sampled_pixels)));
}

GamutCurves::GamutCurves(Workers& workers, const Image& photo, Index step, const GamutOptions& options)
    : shadows_(static_cast<std::size_t>(photo.channels())), highlights_(shadows_.size()) {
  const Index count = ((photo.height() + step - 1) / step) * ((photo.width() + step - 1) / step);
  std::vector<Ends> ends = read_ends(workers, photo, step);
  workers.run(photo.channels(), 1, [&](Index channel, Index) {
    const auto c = static_cast<std::size_t>(channel);
    shadows_[c] = GamutCurve(ends[c].shadows.counted(options.shares, options.shadows_counted, count),
                             options.largest_shadow_knee, options);
    highlights_[c] = GamutCurve(ends[c].highlights.counted(options.shares, options.highlights_counted, count),
                                options.largest_highlight_knee, options);
  });
}

bool GamutCurves::bend(Index channel) const {
  const auto c = static_cast<std::size_t>(channel);
  return shadows_[c].bends || highlights_[c].bends;
}

void GamutCurves::apply(Index channel, Index count, float* values) const {
  const auto c = static_cast<std::size_t>(channel);
  if (shadows_[c].bends) {
    lift_shadows(shadows_[c], count, values);
  }
  if (highlights_[c].bends) {
    lower_highlights(highlights_[c], count, values);
  }
}

void GamutCurves::apply_to_row(Index width, float* pixels, float* scratch) const {
  const auto channels = static_cast<Index>(shadows_.size());
  for (Index c = 0; c < channels; ++c) {
    if (!bend(c)) {
      continue;
    }
    take_channel(pixels + c, channels, width, scratch);
    apply(c, width, scratch);
    put_channel(scratch, channels, width, pixels + c);
  }
  clip(width * channels, pixels);
}

}  // namespace fastphoto
