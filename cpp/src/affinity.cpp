// SPDX-License-Identifier: Apache-2.0
#include "affinity.h"

#include <algorithm>
#include <cmath>

#include "check.h"
#include "multiversion.h"
#include "windows.h"

namespace fastphoto {

namespace {

constexpr Index tile = 128;               // windows treated together: their numbers stay in the first-level cache
constexpr Index rows_per_strip = 32;      // rows of coefficients one task owns; fixed, so sums keep their order
constexpr double rounding_floor = 4e-15;  // smallest pivot, relative to the trace, that float64 can tell from zero

/// Whitened colours of up to `tile` neighbouring windows: q_a . q_b is the quadratic form of the affinity.
template <class T>
struct WindowTile {
  explicit WindowTile(Index window_size) : q(static_cast<std::size_t>(window_size * 3 * tile)) {}

  double mean[3][tile];
  double factor[6][tile];  // Cholesky: l10, l20, l21 and the inverse pivots 1/l00, 1/l11, 1/l22
  std::vector<T> q;        // [position in window][component][window]
};

template <class T>
FASTPHOTO_INLINE void whiten_tile(const float* const* colors, Index side, Index stride, Index count, double eps,
                                  WindowTile<T>& out) {
  // colors[c] is the top left pixel of the first window.
  const double share = 1.0 / static_cast<double>(side * side);
  for (auto& plane : out.mean) {
    std::fill(plane, plane + count, 0.0);
  }
  for (int c = 0; c < 3; ++c) {
    for (Index a = 0; a < side * side; ++a) {
      const float* color = colors[c] + (a / side) * stride + a % side;
      for (Index x = 0; x < count; ++x) {
        out.mean[c][x] += static_cast<double>(color[x]);
      }
    }
    for (Index x = 0; x < count; ++x) {
      out.mean[c][x] *= share;
    }
  }

  // Centred covariance: with eps = 1e-7 nothing of it may be lost to cancellation.
  double covariance[6][tile];
  for (auto& plane : covariance) {
    std::fill(plane, plane + count, 0.0);
  }
  for (Index a = 0; a < side * side; ++a) {
    const Index at = (a / side) * stride + a % side;
    for (Index x = 0; x < count; ++x) {
      const double r = static_cast<double>(colors[0][at + x]) - out.mean[0][x];
      const double g = static_cast<double>(colors[1][at + x]) - out.mean[1][x];
      const double b = static_cast<double>(colors[2][at + x]) - out.mean[2][x];
      covariance[0][x] += r * r;
      covariance[1][x] += r * g;
      covariance[2][x] += r * b;
      covariance[3][x] += g * g;
      covariance[4][x] += g * b;
      covariance[5][x] += b * b;
    }
  }

  // Cholesky of Sigma + eps/|w| Id. Every exact pivot is at least eps/|w|; rounding must not take it below.
  const double ridge = eps * share;
  for (Index x = 0; x < count; ++x) {
    const double rr = covariance[0][x] * share + ridge;
    const double rg = covariance[1][x] * share;
    const double rb = covariance[2][x] * share;
    const double gg = covariance[3][x] * share + ridge;
    const double gb = covariance[4][x] * share;
    const double bb = covariance[5][x] * share + ridge;
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

  for (Index a = 0; a < side * side; ++a) {
    const Index at = (a / side) * stride + a % side;
    T* FASTPHOTO_RESTRICT q0 = out.q.data() + (a * 3 + 0) * tile;
    T* FASTPHOTO_RESTRICT q1 = out.q.data() + (a * 3 + 1) * tile;
    T* FASTPHOTO_RESTRICT q2 = out.q.data() + (a * 3 + 2) * tile;
    for (Index x = 0; x < count; ++x) {
      const double r = static_cast<double>(colors[0][at + x]) - out.mean[0][x];
      const double g = static_cast<double>(colors[1][at + x]) - out.mean[1][x];
      const double b = static_cast<double>(colors[2][at + x]) - out.mean[2][x];
      const double v0 = r * out.factor[3][x];
      const double v1 = (g - out.factor[0][x] * v0) * out.factor[4][x];
      const double v2 = (b - out.factor[1][x] * v0 - out.factor[2][x] * v1) * out.factor[5][x];
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
                                   WindowTile<float>& out) {
  whiten_tile(colors, side, stride, count, eps, out);
}

FASTPHOTO_MULTIVERSION void whiten(const float* const* colors, Index side, Index stride, Index count, double eps,
                                   WindowTile<double>& out) {
  whiten_tile(colors, side, stride, count, eps, out);
}

FASTPHOTO_MULTIVERSION void add(const float* a, const float* b, Index count, float scale, float* sums) {
  add_pair(a, b, count, scale, sums);
}

FASTPHOTO_MULTIVERSION void add(const double* a, const double* b, Index count, double scale, double* sums) {
  add_pair(a, b, count, scale, sums);
}

/// All pairs of positions of a tile of windows whose first pixel (in row order) lies in rows [begin, end).
template <class T>
void gather_tile(const WindowTile<T>& windows, Index radius, Index row, Index column, Index count, T scale, Index begin,
                 Index end, Field<T>& planes) {
  const Index side = 2 * radius + 1;
  for (Index a = 0; a < side * side; ++a) {
    const Index ay = a / side - radius;
    const Index ax = a % side - radius;
    if (row + ay < begin || row + ay >= end) {
      continue;
    }
    for (Index b = a + 1; b < side * side; ++b) {
      const Index dy = b / side - radius - ay;
      const Index dx = b % side - radius - ax;
      T* sums = planes.row(offset_index(dy, dx, radius), row + ay) + column + ax;
      add(windows.q.data() + a * 3 * tile, windows.q.data() + b * 3 * tile, count, scale, sums);
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
    WindowTile<T> windows(side * side);
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
        whiten(top_left, side, colors.row_step(), count, options.eps, windows);
        gather_tile(windows, radius, row, column, count, pair_scale, begin, end, planes);
      }
    }
  });
}

template void assemble_affinity<float>(Workers&, const Field<float>&, const MattingOptions&, double, Field<float>&);
template void assemble_affinity<double>(Workers&, const Field<float>&, const MattingOptions&, double, Field<double>&);

}  // namespace fastphoto
