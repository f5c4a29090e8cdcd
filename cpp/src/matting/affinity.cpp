// SPDX-License-Identifier: Apache-2.0
//
// Sums the affinity over all windows, many windows at a time.
#include "matting/affinity.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/check.h"
#include "base/multiversion.h"
#include "matting/window_offsets.h"

namespace fastphoto {

namespace {

constexpr Index tile = 128;               // windows treated together: their numbers stay in the first-level cache
constexpr Index rows_per_strip = 32;      // rows of coefficients one task owns; fixed, so sums keep their order
constexpr double rounding_floor = 4e-15;  // smallest pivot, relative to the trace, that float64 can tell from zero

/// Of up to `tile` neighbouring windows.
struct WindowTile {
  double mean[3][tile];
  double covariance[6][tile];
  double factor[6][tile];  // Cholesky: l10, l20, l21 and the inverse pivots 1/l00, 1/l11, 1/l22
};

/// Calls body(count, at) for the positions of a window, up to three side by side at once: what is summed over them is
/// read and written once.
template <class Body>
FASTPHOTO_INLINE void for_each_run(Index side, Index stride, const Body& body) {
  for (Index dy = 0; dy < side; ++dy) {
    Index dx = 0;
    for (; dx + 3 <= side; dx += 3) {
      body(std::integral_constant<Index, 3>(), dy * stride + dx);
    }
    if (side - dx == 2) {
      body(std::integral_constant<Index, 2>(), dy * stride + dx);
    } else if (side - dx == 1) {
      body(std::integral_constant<Index, 1>(), dy * stride + dx);
    }
  }
}

/// Sums of the windows' colours. colors[c] is the top left pixel of the first window.
FASTPHOTO_INLINE void sum_colors(const float* const* colors, Index side, Index stride, Index count, WindowTile& out) {
  for (Index c = 0; c < 3; ++c) {
    double* const sums = out.mean[c];
    std::fill_n(sums, count, 0.0);
    for_each_run(side, stride, [&](auto positions, Index at) FASTPHOTO_INLINE_LAMBDA {
      const float* const color = colors[c] + at;
      FASTPHOTO_INDEPENDENT
      for (Index x = 0; x < count; ++x) {
        double sum = sums[x];
        for (Index p = 0; p < positions(); ++p) {
          sum += static_cast<double>(color[x + p]);
        }
        sums[x] = sum;
      }
    });
  }
}

/// Sums of products of centred colours: with eps = 1e-7 nothing of the covariance may be lost to cancellation.
FASTPHOTO_INLINE void sum_products(const float* const* colors, Index side, Index stride, Index count, WindowTile& out) {
  for (auto& plane : out.covariance) {
    std::fill_n(plane, count, 0.0);
  }
  for_each_run(side, stride, [&](auto positions, Index at) FASTPHOTO_INLINE_LAMBDA {
    const float* const red = colors[0] + at;
    const float* const green = colors[1] + at;
    const float* const blue = colors[2] + at;
    FASTPHOTO_INDEPENDENT
    for (Index x = 0; x < count; ++x) {
      double sums[6] = {};
      for (Index p = 0; p < positions(); ++p) {
        const double r = static_cast<double>(red[x + p]) - out.mean[0][x];
        const double g = static_cast<double>(green[x + p]) - out.mean[1][x];
        const double b = static_cast<double>(blue[x + p]) - out.mean[2][x];
        sums[0] += r * r;
        sums[1] += r * g;
        sums[2] += r * b;
        sums[3] += g * g;
        sums[4] += g * b;
        sums[5] += b * b;
      }
      out.covariance[0][x] += sums[0];
      out.covariance[1][x] += sums[1];
      out.covariance[2][x] += sums[2];
      out.covariance[3][x] += sums[3];
      out.covariance[4][x] += sums[4];
      out.covariance[5][x] += sums[5];
    }
  });
}

/// Cholesky of Sigma + eps/|w| Id. Every exact pivot is at least eps/|w|; rounding must not take it below.
FASTPHOTO_INLINE void factorize(double share, double ridge, Index count, WindowTile& out) {
  for (Index x = 0; x < count; ++x) {
    const double rr = out.covariance[0][x] * share + ridge;
    const double rg = out.covariance[1][x] * share;
    const double rb = out.covariance[2][x] * share;
    const double gg = out.covariance[3][x] * share + ridge;
    const double gb = out.covariance[4][x] * share;
    const double bb = out.covariance[5][x] * share + ridge;
    const double noise = rounding_floor * (rr + gg + bb);
    const double smallest = ridge > noise ? ridge : noise;
    const double p0 = 1.0 / std::sqrt(rr > smallest ? rr : smallest);
    const double l10 = rg * p0;
    const double l20 = rb * p0;
    const double s1 = gg - l10 * l10;
    const double p1 = 1.0 / std::sqrt(s1 > smallest ? s1 : smallest);
    const double l21 = (gb - l20 * l10) * p1;
    const double s2 = bb - l20 * l20 - l21 * l21;
    const double p2 = 1.0 / std::sqrt(s2 > smallest ? s2 : smallest);
    out.factor[0][x] = l10;
    out.factor[1][x] = l20;
    out.factor[2][x] = l21;
    out.factor[3][x] = p0;
    out.factor[4][x] = p1;
    out.factor[5][x] = p2;
  }
}

/// Whitened colours of the windows, [position in window][component][window]: q_a . q_b is the quadratic form of the
/// affinity.
template <class T>
FASTPHOTO_INLINE void whiten_tile(const float* const* colors, Index side, Index stride, Index count, double eps, T* q) {
  const double share = 1.0 / static_cast<double>(side * side);
  WindowTile windows;
  sum_colors(colors, side, stride, count, windows);
  for (auto& plane : windows.mean) {
    for (Index x = 0; x < count; ++x) {
      plane[x] *= share;
    }
  }
  sum_products(colors, side, stride, count, windows);
  factorize(share, eps * share, count, windows);
  for (Index a = 0; a < side * side; ++a) {
    const Index at = (a / side) * stride + a % side;
    const float* const red = colors[0] + at;
    const float* const green = colors[1] + at;
    const float* const blue = colors[2] + at;
    T* FASTPHOTO_RESTRICT q0 = q + (a * 3 + 0) * tile;
    T* FASTPHOTO_RESTRICT q1 = q + (a * 3 + 1) * tile;
    T* FASTPHOTO_RESTRICT q2 = q + (a * 3 + 2) * tile;
    FASTPHOTO_INDEPENDENT
    for (Index x = 0; x < count; ++x) {
      const double r = static_cast<double>(red[x]) - windows.mean[0][x];
      const double g = static_cast<double>(green[x]) - windows.mean[1][x];
      const double b = static_cast<double>(blue[x]) - windows.mean[2][x];
      const double v0 = r * windows.factor[3][x];
      const double v1 = (g - windows.factor[0][x] * v0) * windows.factor[4][x];
      const double v2 = (b - windows.factor[1][x] * v0 - windows.factor[2][x] * v1) * windows.factor[5][x];
      q0[x] = static_cast<T>(v0);
      q1[x] = static_cast<T>(v1);
      q2[x] = static_cast<T>(v2);
    }
  }
}

/// sums[x] += scale (1 + q_a . q_b) for the windows of a tile.
template <class T>
FASTPHOTO_INLINE void add_pair(const T* a, const T* b, Index count, T scale, T* FASTPHOTO_RESTRICT sums) {
  for (Index x = 0; x < count; ++x) {
    sums[x] += scale * (T(1) + (a[x] * b[x] + a[tile + x] * b[tile + x] + a[2 * tile + x] * b[2 * tile + x]));
  }
}

// The compiler builds one version per instruction set of plain functions only, hence the pairs by name.
FASTPHOTO_MULTIVERSION void whiten(const float* const* colors, Index side, Index stride, Index count, double eps,
                                   float* q) {
  whiten_tile(colors, side, stride, count, eps, q);
}

FASTPHOTO_MULTIVERSION void whiten(const float* const* colors, Index side, Index stride, Index count, double eps,
                                   double* q) {
  whiten_tile(colors, side, stride, count, eps, q);
}

FASTPHOTO_MULTIVERSION void add(const float* a, const float* b, Index count, float scale, float* sums) {
  add_pair(a, b, count, scale, sums);
}

FASTPHOTO_MULTIVERSION void add(const double* a, const double* b, Index count, double scale, double* sums) {
  add_pair(a, b, count, scale, sums);
}

/// Windows side by side.
struct WindowRun {
  Index row;     // of the centres
  Index column;  // of the first centre
  Index count;
};

/// Rows [begin, end) of coefficients.
struct Strip {
  Index begin;
  Index end;
};

/// Adds the pairs of positions of a tile of windows whose first pixel (in row order) lies in the strip.
template <class T>
void gather_tile(const T* q, Index radius, const WindowRun& windows, T scale, const Strip& strip, Field<T>& planes) {
  const auto of_position = [&](Index y, Index x) {
    return q + ((y + radius) * (2 * radius + 1) + x + radius) * 3 * tile;
  };
  const Index first = std::max(-radius, strip.begin - windows.row);
  const Index last = std::min(radius, strip.end - 1 - windows.row);
  for (Index ay = first; ay <= last; ++ay) {
    for (Index ax = -radius; ax <= radius; ++ax) {
      for (Index by = ay; by <= radius; ++by) {
        for (Index bx = by == ay ? ax + 1 : -radius; bx <= radius; ++bx) {
          T* sums = planes.row(offset_index(by - ay, bx - ax, radius), windows.row + ay) + windows.column + ax;
          add(of_position(ay, ax), of_position(by, bx), windows.count, scale, sums);
        }
      }
    }
  }
}

}  // namespace

void require_matting_options(const MattingOptions& options) {
  require_option(std::isfinite(options.eps) && options.eps > 0.0, "eps", options.eps, "positive");
  require_option(options.radius >= 1 && options.radius <= 16, "radius", options.radius, "between 1 and 16");
}

template <class T>
void assemble_affinity(Workers& workers, const Field<float>& colors, const MattingOptions& options, double scale,
                       Field<T>& planes) {
  const Index height = planes.grid().height;
  const Index width = planes.grid().width;
  const Index radius = options.radius;
  const Index side = 2 * radius + 1;
  const T pair_scale = static_cast<T>(scale / static_cast<double>(side * side));
  workers.run(height, rows_per_strip, [&](Index begin, Index end) {
    std::vector<T> q(static_cast<std::size_t>(side * side * 3 * tile));
    // Windows centred up to `radius` rows outside the strip reach into it; the neighbouring strip computes them again.
    const Index first = std::max(begin - radius, radius);
    const Index last = std::min(end - 1 + radius, height - 1 - radius);
    for (Index row = first; row <= last; ++row) {
      for (Index column = radius; column < width - radius; column += tile) {
        const Index count = std::min(tile, width - radius - column);
        const float* top_left[3];
        for (Index c = 0; c < 3; ++c) {
          top_left[c] = colors.row(c, row - radius) + column - radius;
        }
        whiten(top_left, side, colors.row_step(), count, options.eps, q.data());
        gather_tile(q.data(), radius, {row, column, count}, pair_scale, {begin, end}, planes);
      }
    }
  });
}

template void assemble_affinity<float>(Workers&, const Field<float>&, const MattingOptions&, double, Field<float>&);
template void assemble_affinity<double>(Workers&, const Field<float>&, const MattingOptions&, double, Field<double>&);

}  // namespace fastphoto
