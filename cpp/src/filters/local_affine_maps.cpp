// SPDX-License-Identifier: Apache-2.0
//
// Fits affine maps from the colours of a photo to those of a result, and applies them at another size.
#include "fastphoto/local_affine_maps.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/multiversion.h"
#include "base/read_rows.h"
#include "filters/affine_map_fit.h"
#include "filters/box_filter.h"
#include "filters/enlarged_maps.h"

namespace fastphoto {

namespace {

// Sums of a window: colours I, their products (upper triangle), results R, and R I by channel of the result.
enum Moment : Index { colour = 0, product = 3, value = 9, cross = 12, moments = 21 };

/// Moments of a row's pixels. Colours and results are taken about `mean`, so that variances lose no digits.
FASTPHOTO_MULTIVERSION void fill_moments(const float* content, const float* result, const double* mean, Index width,
                                         double* FASTPHOTO_RESTRICT out) {
  for (Index x = 0; x < width; ++x, out += moments) {
    double i[3];
    double r[3];
    for (Index c = 0; c < 3; ++c) {
      i[c] = static_cast<double>(content[3 * x + c]) - mean[c];
      r[c] = static_cast<double>(result[3 * x + c]) - mean[3 + c];
      out[colour + c] = i[c];
      out[value + c] = r[c];
    }
    out[product + 0] = i[0] * i[0];
    out[product + 1] = i[0] * i[1];
    out[product + 2] = i[0] * i[2];
    out[product + 3] = i[1] * i[1];
    out[product + 4] = i[1] * i[2];
    out[product + 5] = i[2] * i[2];
    for (Index c = 0; c < 3; ++c) {
      for (Index g = 0; g < 3; ++g) {
        out[cross + 3 * c + g] = r[c] * i[g];
      }
    }
  }
}

/// The factors of a window, A (Sigma + eps Id) = cov(R, I), by L D L^T. Exact pivots are at least eps; rounding must
/// not take them below.
FASTPHOTO_INLINE void fit_window(const double* sums, double share, double eps, float* factors) {
  double mean[3];
  for (Index g = 0; g < 3; ++g) {
    mean[g] = sums[colour + g] * share;
  }
  const double s00 = sums[product + 0] * share - mean[0] * mean[0] + eps;
  const double s01 = sums[product + 1] * share - mean[0] * mean[1];
  const double s02 = sums[product + 2] * share - mean[0] * mean[2];
  const double s11 = sums[product + 3] * share - mean[1] * mean[1] + eps;
  const double s12 = sums[product + 4] * share - mean[1] * mean[2];
  const double s22 = sums[product + 5] * share - mean[2] * mean[2] + eps;
  const double p0 = 1.0 / (s00 > eps ? s00 : eps);
  const double l10 = s01 * p0;
  const double l20 = s02 * p0;
  const double t11 = s11 - l10 * s01;
  const double p1 = 1.0 / (t11 > eps ? t11 : eps);
  const double t12 = s12 - l20 * s01;
  const double l21 = t12 * p1;
  const double t22 = s22 - l20 * s02 - l21 * t12;
  const double p2 = 1.0 / (t22 > eps ? t22 : eps);
  for (Index c = 0; c < 3; ++c) {
    const double of_mean = sums[value + c] * share;
    const double v0 = sums[cross + 3 * c + 0] * share - of_mean * mean[0];
    const double v1 = sums[cross + 3 * c + 1] * share - of_mean * mean[1] - l10 * v0;
    const double v2 = (sums[cross + 3 * c + 2] * share - of_mean * mean[2] - l20 * v0 - l21 * v1) * p2;
    const double u1 = v1 * p1 - l21 * v2;
    factors[3 * c + 0] = static_cast<float>(v0 * p0 - l10 * u1 - l20 * v2);
    factors[3 * c + 1] = static_cast<float>(u1);
    factors[3 * c + 2] = static_cast<float>(v2);
  }
}

constexpr Index factors_per_pixel = 9;

Index window_width(Index x, Index width, Index radius) {
  return std::min(width - 1, x + radius) - std::max<Index>(0, x - radius) + 1;
}

FASTPHOTO_MULTIVERSION void fit_row(const double* sums, const double* shares, Index width, double eps, float* factors) {
  for (Index x = 0; x < width; ++x) {
    fit_window(sums + x * moments, shares[x], eps, factors + x * factors_per_pixel);
  }
}

/// Means of the windows' factors, and the offsets that make them return the result.
FASTPHOTO_MULTIVERSION void finish_row(const double* sums, const double* shares, const float* content,
                                       const float* result, Index width, Index stride, float* maps) {
  for (Index x = 0; x < width; ++x) {
    for (Index c = 0; c < 3; ++c) {
      auto offset = static_cast<double>(result[3 * x + c]);
      for (Index g = 0; g < 3; ++g) {
        const double factor = sums[x * factors_per_pixel + 3 * c + g] * shares[x];
        offset -= factor * static_cast<double>(content[3 * x + g]);
        maps[x * stride + 4 * c + g] = static_cast<float>(factor);
      }
      maps[x * stride + 4 * c + 3] = static_cast<float>(offset);
    }
  }
}

/// One over the pixels of each window of a row.
std::vector<double> window_shares(Index width, Index radius, Index rows_in_window) {
  std::vector<double> shares(static_cast<std::size_t>(width));
  for (Index x = 0; x < width; ++x) {
    shares[static_cast<std::size_t>(x)] = 1.0 / static_cast<double>(rows_in_window * window_width(x, width, radius));
  }
  return shares;
}

/// Of the middle of the photo: any colour that is not far from most will do.
void read_means(const ImageView& content, const ImageView& result, double* mean) {
  for (Index c = 0; c < 3; ++c) {
    mean[c] = static_cast<double>(content.at(content.height / 2, content.width / 2, c));
    mean[3 + c] = static_cast<double>(result.at(content.height / 2, content.width / 2, c));
  }
}

}  // namespace

void fit_maps(Workers& workers, const ImageView& content, const ImageView& result, const LocalAffineMapOptions& options,
              Index stride, float* maps) {
  const Index height = content.height;
  const Index width = content.width;
  const Index radius = std::min<Index>(options.radius, std::max(height, width));
  double mean[6];
  read_means(content, result, mean);

  Image factors(height, width, factors_per_pixel);
  box_filter(
      workers, height, width, moments, radius,
      [&](Index row, double* out) {
        std::vector<float> scratch(static_cast<std::size_t>(6 * width));
        fill_moments(interleaved_row(content, row, scratch.data()),
                     interleaved_row(result, row, scratch.data() + 3 * width), mean, width, out);
      },
      [&](Index row, const double* sums, Index rows_in_window) {
        fit_row(sums, window_shares(width, radius, rows_in_window).data(), width, options.eps,
                factors.data() + row * width * factors_per_pixel);
      });

  box_filter(
      workers, height, width, factors_per_pixel, radius,
      [&](Index row, double* out) {
        std::copy_n(factors.data() + row * width * factors_per_pixel, width * factors_per_pixel, out);
      },
      [&](Index row, const double* sums, Index rows_in_window) {
        std::vector<float> scratch(static_cast<std::size_t>(6 * width));
        finish_row(
            sums, window_shares(width, radius, rows_in_window).data(), interleaved_row(content, row, scratch.data()),
            interleaved_row(result, row, scratch.data() + 3 * width), width, stride, maps + row * width * stride);
      });
}

Image fit_local_affine_maps(const ImageView& content, const ImageView& result, const LocalAffineMapOptions& options,
                            Threads threads) {
  Workers workers(threads);
  require_option(std::isfinite(options.eps) && options.eps > 0.0, "eps", options.eps, "positive");
  require_option(options.radius >= 0, "radius", options.radius, "0 or more");
  require_image(workers, content, "content", 3);
  require_image(workers, result, "result", 3);
  require_same_size(result, "result", content, "content");
  Image maps(content.height, content.width, affine_map_numbers);
  fit_maps(workers, content, result, options, affine_map_numbers, maps.data());
  return maps;
}

Image apply_local_affine_maps(const ImageView& maps, const ImageView& content, Threads threads) {
  Workers workers(threads);
  require_image(workers, maps, "maps", affine_map_numbers);
  require_image(workers, content, "content", 3);
  Image padded(maps.height, maps.width, enlarged_map_numbers);
  workers.run(maps.height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> scratch(static_cast<std::size_t>(maps.width * affine_map_numbers));
    for (Index row = begin; row < end; ++row) {
      const float* from = interleaved_row(maps, row, scratch.data());
      float* to = padded.data() + row * maps.width * enlarged_map_numbers;
      for (Index x = 0; x < maps.width; ++x, from += affine_map_numbers, to += enlarged_map_numbers) {
        std::copy_n(from, affine_map_numbers, to);
        std::fill_n(to + affine_map_numbers, enlarged_map_numbers - affine_map_numbers, 0.0F);
      }
    }
  });
  const EnlargedMaps enlarged(padded, content.height, content.width);
  const Index row_size = 3 * content.width;
  Image out(content.height, content.width, 3);
  workers.run(content.height, rows_per_chunk, [&](Index begin, Index end) {
    EnlargedMaps::Scratch scratch;
    std::vector<float> colours(static_cast<std::size_t>(row_size + 1));
    std::vector<float> channels(static_cast<std::size_t>(enlarged_channels * content.width));
    for (Index row = begin; row < end; ++row) {
      const float* const from = interleaved_row(content, row, colours.data());
      if (from != colours.data()) {
        std::copy_n(from, row_size, colours.data());
      }
      enlarged.apply(row, colours.data(), scratch, channels.data());
      float* const to = out.data() + row * row_size;
      for (Index x = 0; x < content.width; ++x) {
        std::copy_n(channels.data() + enlarged_channels * x, 3, to + 3 * x);
      }
    }
  });
  return out;
}

}  // namespace fastphoto
