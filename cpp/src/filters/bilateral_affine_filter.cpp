// SPDX-License-Identifier: Apache-2.0
//
// The bilateral affine filter: colour maps of small windows, averaged with spatial and colour weights.
#include "fastphoto/bilateral_affine_filter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/exp_of_negative.h"
#include "base/multiversion.h"
#include "filters/tile_windows.h"

namespace fastphoto {

namespace {

constexpr Index numbers = 12;  // of an affine map: for each channel of the result three factors and a constant
constexpr Index sums_count = numbers + 1;  // and the weight

/// Sums over one window, about the window's first colour, so that large common colours cost no digits.
struct Moments {
  double count = 0.0;
  std::array<double, 3> x{};
  std::array<double, 3> y{};
  std::array<std::array<double, 3>, 3> xx{};
  std::array<std::array<double, 3>, 3> yx{};

  void add(const std::array<double, 3>& colour, const std::array<double, 3>& target) {
    count += 1.0;
    for (std::size_t i = 0; i < 3; ++i) {
      x[i] += colour[i];
      y[i] += target[i];
      for (std::size_t j = 0; j < 3; ++j) {
        xx[i][j] += colour[i] * colour[j];
        yx[i][j] += target[i] * colour[j];
      }
    }
  }
};

/// Solves S a = v for a symmetric positive definite 3 x 3 matrix (Cramer's rule; the ridge bounds the determinant).
std::array<double, 3> solved(const std::array<std::array<double, 3>, 3>& S, const std::array<double, 3>& v) {
  const double c00 = S[1][1] * S[2][2] - S[1][2] * S[1][2];
  const double c01 = S[0][2] * S[1][2] - S[0][1] * S[2][2];
  const double c02 = S[0][1] * S[1][2] - S[0][2] * S[1][1];
  const double c11 = S[0][0] * S[2][2] - S[0][2] * S[0][2];
  const double c12 = S[0][1] * S[0][2] - S[0][0] * S[1][2];
  const double c22 = S[0][0] * S[1][1] - S[0][1] * S[0][1];
  const double share = 1.0 / (S[0][0] * c00 + S[0][1] * c01 + S[0][2] * c02);
  return {share * (c00 * v[0] + c01 * v[1] + c02 * v[2]), share * (c01 * v[0] + c11 * v[1] + c12 * v[2]),
          share * (c02 * v[0] + c12 * v[1] + c22 * v[2])};
}

/// The map of the window around one pixel, into the planes of `maps`.
void fit(const Planes& content, const Planes& stylized, Index row, Index column, const BilateralAffineOptions& options,
         Planes& maps) {
  const Index r = options.window_radius;
  std::array<double, 3> origin{};
  for (Index c = 0; c < 3; ++c) {
    origin[static_cast<std::size_t>(c)] = static_cast<double>(*content.at(c, row, column));
  }
  Moments m;
  for (Index y = std::max<Index>(0, row - r); y <= std::min(content.height - 1, row + r); ++y) {
    for (Index x = std::max<Index>(0, column - r); x <= std::min(content.width - 1, column + r); ++x) {
      std::array<double, 3> colour{};
      std::array<double, 3> target{};
      for (Index c = 0; c < 3; ++c) {
        const auto i = static_cast<std::size_t>(c);
        colour[i] = static_cast<double>(*content.at(c, y, x)) - origin[i];
        target[i] = static_cast<double>(*stylized.at(c, y, x));
      }
      m.add(colour, target);
    }
  }
  std::array<std::array<double, 3>, 3> scatter{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      scatter[i][j] = m.xx[i][j] - m.x[i] * m.x[j] / m.count + (i == j ? options.ridge : 0.0);
    }
  }
  for (Index c = 0; c < 3; ++c) {
    const auto channel = static_cast<std::size_t>(c);
    std::array<double, 3> right{};
    for (std::size_t i = 0; i < 3; ++i) {
      right[i] = m.yx[channel][i] - m.y[channel] * m.x[i] / m.count;
    }
    const std::array<double, 3> factors = solved(scatter, right);
    double constant = m.y[channel] / m.count;
    for (std::size_t i = 0; i < 3; ++i) {
      *maps.at(4 * c + static_cast<Index>(i), row, column) = static_cast<float>(factors[i]);
      constant -= factors[i] * (m.x[i] / m.count + origin[i]);
    }
    *maps.at(4 * c + 3, row, column) = static_cast<float>(constant);
  }
}

/// Adds one neighbour's map for `count` pixels; `nearness` is the logarithm of its spatial weight.
FASTPHOTO_MULTIVERSION void add_neighbour(const float* const* content, const float* const* center, const float* maps,
                                          Index plane, Index count, float falloff, float nearness, float* sums) {
  const float* FASTPHOTO_RESTRICT i0 = content[0];
  const float* FASTPHOTO_RESTRICT i1 = content[1];
  const float* FASTPHOTO_RESTRICT i2 = content[2];
  const float* FASTPHOTO_RESTRICT c0 = center[0];
  const float* FASTPHOTO_RESTRICT c1 = center[1];
  const float* FASTPHOTO_RESTRICT c2 = center[2];
  const float* FASTPHOTO_RESTRICT map = maps;
  float* FASTPHOTO_RESTRICT s = sums;
  for (Index x = 0; x < count; ++x) {
    const float a = i0[x] - c0[x];
    const float b = i1[x] - c1[x];
    const float c = i2[x] - c2[x];
    const float w = exp_of_negative(falloff * (a * a + b * b + c * c) + nearness);
    s[numbers * tile + x] += w;
    FASTPHOTO_UNROLL
    for (Index n = 0; n < numbers; ++n) {
      s[n * tile + x] += w * map[n * plane + x];
    }
  }
}

}  // namespace

Image bilateral_affine_filter(const ImageView& stylized, const ImageView& content,
                              const BilateralAffineOptions& options, Threads threads) {
  Workers workers(threads);
  require_option(options.radius >= 0 && options.radius <= 127, "radius", options.radius, "between 0 and 127");
  require_option(std::isfinite(options.spatial_sigma) && options.spatial_sigma > 0.0, "spatial_sigma",
                 options.spatial_sigma, "positive");
  require_option(std::isfinite(options.range_sigma) && options.range_sigma > 0.0, "range_sigma", options.range_sigma,
                 "positive");
  require_option(options.window_radius >= 0 && options.window_radius <= 16, "window_radius", options.window_radius,
                 "between 0 and 16");
  require_option(std::isfinite(options.ridge) && options.ridge > 0.0, "ridge", options.ridge, "positive");
  require_image(workers, content, "content", 3);
  require_image(workers, stylized, "stylized", 3);
  require_same_size(stylized, "stylized", content, "content");
  const Index height = content.height;
  const Index width = content.width;
  const auto falloff = static_cast<float>(-1.0 / (6.0 * options.range_sigma * options.range_sigma));

  const Planes colors = planes_of(workers, content);
  Planes maps(height, width, numbers);
  {
    const Planes targets = planes_of(workers, stylized);
    workers.run(height, 1, [&](Index row, Index) {
      for (Index column = 0; column < width; ++column) {
        fit(colors, targets, row, column, options, maps);
      }
    });
  }
  Image out(height, width, 3);
  workers.run(height, 1, [&](Index row, Index) {
    std::vector<float> sums(static_cast<std::size_t>(sums_count * tile));
    for (Index column = 0; column < width; column += tile) {
      const Index count = std::min(tile, width - column);
      std::fill(sums.begin(), sums.end(), 0.0F);
      visit_windows(
          colors, {row, column, count}, options.radius,
          [&](Index y, Index dx, Index first, Index last) {
            const auto distance = static_cast<double>((y - row) * (y - row) + dx * dx);
            const auto nearness = static_cast<float>(-distance / (2.0 * options.spatial_sigma * options.spatial_sigma));
            const Index from = column + dx + first;
            const float* const neighbour[3] = {colors.at(0, y, from), colors.at(1, y, from), colors.at(2, y, from)};
            const Index own = column + first;
            const float* const center[3] = {colors.at(0, row, own), colors.at(1, row, own), colors.at(2, row, own)};
            add_neighbour(neighbour, center, maps.at(0, y, from), height * width, last - first, falloff, nearness,
                          sums.data() + first);
          },
          [] {});
      for (Index x = 0; x < count; ++x) {
        const auto sum = [&](Index n) { return sums[static_cast<std::size_t>(n * tile + x)]; };
        for (Index c = 0; c < 3; ++c) {
          float value = sum(4 * c + 3);
          for (Index i = 0; i < 3; ++i) {
            value += sum(4 * c + i) * *colors.at(i, row, column + x);
          }
          out.data()[(row * width + column + x) * 3 + c] = value / sum(numbers);
        }
      }
    }
  });
  return out;
}

}  // namespace fastphoto
