// SPDX-License-Identifier: Apache-2.0
//
// The local affine filter: a weighted least-squares colour map in every window.
#include "fastphoto/local_affine_filter.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/exp_of_negative.h"
#include "base/multiversion.h"
#include "filters/tile_windows.h"

namespace fastphoto {

namespace {

// Weighted moments of one window about the centre's colour: d = I_q - I_p, y = Y_q.
enum Moment { weight, d0, d1, d2, d00, d01, d02, d11, d12, d22, y0, y1, y2, d0y0 };  // then d1y0, d2y0, d0y1, ...
constexpr Index moments = 13 + 9;

/// Adds one neighbour's moments for `count` pixels: content and stylized at the neighbour, center at the pixel itself.
FASTPHOTO_MULTIVERSION void add_neighbour(const float* const* content, const float* const* stylized,
                                          const float* const* center, Index count, float falloff, float* sums) {
  const float* FASTPHOTO_RESTRICT i0 = content[0];
  const float* FASTPHOTO_RESTRICT i1 = content[1];
  const float* FASTPHOTO_RESTRICT i2 = content[2];
  const float* FASTPHOTO_RESTRICT s0 = stylized[0];
  const float* FASTPHOTO_RESTRICT s1 = stylized[1];
  const float* FASTPHOTO_RESTRICT s2 = stylized[2];
  const float* FASTPHOTO_RESTRICT c0 = center[0];
  const float* FASTPHOTO_RESTRICT c1 = center[1];
  const float* FASTPHOTO_RESTRICT c2 = center[2];
  float* FASTPHOTO_RESTRICT m = sums;
  for (Index x = 0; x < count; ++x) {
    const float a = i0[x] - c0[x];
    const float b = i1[x] - c1[x];
    const float c = i2[x] - c2[x];
    const float w = exp_of_negative(falloff * (a * a + b * b + c * c));
    const float wa = w * a;
    const float wb = w * b;
    const float wc = w * c;
    m[weight * tile + x] += w;
    m[d0 * tile + x] += wa;
    m[d1 * tile + x] += wb;
    m[d2 * tile + x] += wc;
    m[d00 * tile + x] += wa * a;
    m[d01 * tile + x] += wa * b;
    m[d02 * tile + x] += wa * c;
    m[d11 * tile + x] += wb * b;
    m[d12 * tile + x] += wb * c;
    m[d22 * tile + x] += wc * c;
    m[y0 * tile + x] += w * s0[x];
    m[y1 * tile + x] += w * s1[x];
    m[y2 * tile + x] += w * s2[x];
    m[(d0y0 + 0) * tile + x] += wa * s0[x];
    m[(d0y0 + 1) * tile + x] += wb * s0[x];
    m[(d0y0 + 2) * tile + x] += wc * s0[x];
    m[(d0y0 + 3) * tile + x] += wa * s1[x];
    m[(d0y0 + 4) * tile + x] += wb * s1[x];
    m[(d0y0 + 5) * tile + x] += wc * s1[x];
    m[(d0y0 + 6) * tile + x] += wa * s2[x];
    m[(d0y0 + 7) * tile + x] += wb * s2[x];
    m[(d0y0 + 8) * tile + x] += wc * s2[x];
  }
}

FASTPHOTO_MULTIVERSION void move_into(float* from, Index count, double* to) {
  for (Index i = 0; i < count; ++i) {
    to[i] += static_cast<double>(from[i]);
    from[i] = 0.0F;
  }
}

/// Solves the three 3 x 3 systems of each pixel of a tile (Cholesky of the weighted scatter plus ridge) and evaluates
/// the maps at the centre's colour, which is d = 0.
FASTPHOTO_MULTIVERSION void evaluate(const double* sums, Index count, double ridge, float* out) {
  for (Index x = 0; x < count; ++x) {
    const auto at = [&](Index moment) { return sums[moment * tile + x]; };
    const double share = 1.0 / at(weight);  // the centre itself has weight 1
    const double m0 = at(d0) * share;
    const double m1 = at(d1) * share;
    const double m2 = at(d2) * share;
    // Cauchy-Schwarz keeps the exact pivots at ridge or above; rounding of the float32 products must not undo that.
    const double s00 = at(d00) - at(d0) * m0 + ridge;
    const double s01 = at(d01) - at(d0) * m1;
    const double s02 = at(d02) - at(d0) * m2;
    const double s11 = at(d11) - at(d1) * m1 + ridge;
    const double s12 = at(d12) - at(d1) * m2;
    const double s22 = at(d22) - at(d2) * m2 + ridge;
    const double p0 = 1.0 / (s00 > ridge ? s00 : ridge);
    const double l10 = s01 * p0;
    const double l20 = s02 * p0;
    const double t11 = s11 - l10 * s01;
    const double p1 = 1.0 / (t11 > ridge ? t11 : ridge);
    const double t21 = s12 - l20 * s01;
    const double l21 = t21 * p1;
    const double t22 = s22 - l20 * s02 - l21 * t21;
    const double p2 = 1.0 / (t22 > ridge ? t22 : ridge);
    for (Index c = 0; c < 3; ++c) {
      const double y = at(y0 + c);
      const double v0 = at(d0y0 + 3 * c) - m0 * y;
      const double v1 = at(d0y0 + 3 * c + 1) - m1 * y - l10 * v0;
      const double v2 = at(d0y0 + 3 * c + 2) - m2 * y - l20 * v0 - l21 * v1;
      const double a2 = v2 * p2;
      const double a1 = v1 * p1 - l21 * a2;
      const double a0 = v0 * p0 - l10 * a1 - l20 * a2;
      out[c * tile + x] = static_cast<float>(y * share - (a0 * m0 + a1 * m1 + a2 * m2));
    }
  }
}

}  // namespace

Image local_affine_filter(const ImageView& stylized, const ImageView& content, const LocalAffineOptions& options,
                          Threads threads) {
  Workers workers(threads);
  require_option(options.radius >= 0 && options.radius <= 127, "radius", options.radius, "between 0 and 127");
  require_option(std::isfinite(options.range_sigma) && options.range_sigma > 0.0, "range_sigma", options.range_sigma,
                 "positive");
  require_option(std::isfinite(options.ridge) && options.ridge > 0.0, "ridge", options.ridge, "positive");
  require_image(workers, content, "content", 3);
  require_image(workers, stylized, "stylized", 3);
  require_same_size(stylized, "stylized", content, "content");
  const Index height = content.height;
  const Index width = content.width;
  const auto falloff = static_cast<float>(-0.5 / (options.range_sigma * options.range_sigma));

  const Planes colors = planes_of(workers, content);
  const Planes targets = planes_of(workers, stylized);
  Image out(height, width, 3);
  workers.run(height, 1, [&](Index row, Index) {
    std::vector<float> row_sums(static_cast<std::size_t>(moments * tile));
    std::vector<double> sums(static_cast<std::size_t>(moments * tile));
    std::vector<float> result(static_cast<std::size_t>(3 * tile));
    for (Index column = 0; column < width; column += tile) {
      const Index count = std::min(tile, width - column);
      std::fill(sums.begin(), sums.end(), 0.0);
      visit_windows(
          colors, {row, column, count}, options.radius,
          [&](Index y, Index dx, Index first, Index last) {
            const Index from = column + dx + first;
            const float* const neighbour[3] = {colors.at(0, y, from), colors.at(1, y, from), colors.at(2, y, from)};
            const float* const target[3] = {targets.at(0, y, from), targets.at(1, y, from), targets.at(2, y, from)};
            const Index own = column + first;
            const float* const center[3] = {colors.at(0, row, own), colors.at(1, row, own), colors.at(2, row, own)};
            add_neighbour(neighbour, target, center, last - first, falloff, row_sums.data() + first);
          },
          // float32 over one row of the window, float64 over its rows: rounding stays at a few 1e-7.
          [&] { move_into(row_sums.data(), moments * tile, sums.data()); });
      evaluate(sums.data(), count, options.ridge, result.data());
      float* to = out.data() + (row * width + column) * 3;
      for (Index x = 0; x < count; ++x) {
        for (Index c = 0; c < 3; ++c) {
          to[3 * x + c] = result[static_cast<std::size_t>(c * tile + x)];
        }
      }
    }
  });
  return out;
}

}  // namespace fastphoto
