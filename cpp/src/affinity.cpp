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

/// Whitened colours q of neighbouring windows, [position in window][component][window]: q_a . q_b is the quadratic form
/// of the affinity. colors[c] is the top left pixel of the first window.
///
/// All of a window in registers; where the compiler knows the side, it treats several windows at once.
template <class T>
FASTPHOTO_INLINE void whiten_windows(const float* const* colors, Index side, Index stride, Index count, double eps,
                                     T* FASTPHOTO_RESTRICT q) {
  const float* const red = colors[0];
  const float* const green = colors[1];
  const float* const blue = colors[2];
  const double share = 1.0 / static_cast<double>(side * side);
  const double ridge = eps * share;
  FASTPHOTO_INDEPENDENT
  for (Index x = 0; x < count; ++x) {
    double mean[3] = {};
    FASTPHOTO_UNROLL
    for (Index dy = 0; dy < side; ++dy) {
      FASTPHOTO_UNROLL
      for (Index dx = 0; dx < side; ++dx) {
        const Index at = dy * stride + dx + x;
        mean[0] += static_cast<double>(red[at]);
        mean[1] += static_cast<double>(green[at]);
        mean[2] += static_cast<double>(blue[at]);
      }
    }
    mean[0] *= share;
    mean[1] *= share;
    mean[2] *= share;

    // Centred covariance: with eps = 1e-7 nothing of it may be lost to cancellation.
    double covariance[6] = {};
    FASTPHOTO_UNROLL
    for (Index dy = 0; dy < side; ++dy) {
      FASTPHOTO_UNROLL
      for (Index dx = 0; dx < side; ++dx) {
        const Index at = dy * stride + dx + x;
        const double r = static_cast<double>(red[at]) - mean[0];
        const double g = static_cast<double>(green[at]) - mean[1];
        const double b = static_cast<double>(blue[at]) - mean[2];
        covariance[0] += r * r;
        covariance[1] += r * g;
        covariance[2] += r * b;
        covariance[3] += g * g;
        covariance[4] += g * b;
        covariance[5] += b * b;
      }
    }

    // Cholesky of Sigma + eps/|w| Id. Every exact pivot is at least eps/|w|; rounding must not take it below.
    const double rr = covariance[0] * share + ridge;
    const double rg = covariance[1] * share;
    const double rb = covariance[2] * share;
    const double gg = covariance[3] * share + ridge;
    const double gb = covariance[4] * share;
    const double bb = covariance[5] * share + ridge;
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

    FASTPHOTO_UNROLL
    for (Index dy = 0; dy < side; ++dy) {
      FASTPHOTO_UNROLL
      for (Index dx = 0; dx < side; ++dx) {
        const Index at = dy * stride + dx + x;
        const double v0 = (static_cast<double>(red[at]) - mean[0]) * p0;
        const double v1 = (static_cast<double>(green[at]) - mean[1] - l10 * v0) * p1;
        const double v2 = (static_cast<double>(blue[at]) - mean[2] - l20 * v0 - l21 * v1) * p2;
        T* const to = q + (dy * side + dx) * 3 * tile + x;
        to[0] = static_cast<T>(v0);
        to[tile] = static_cast<T>(v1);
        to[2 * tile] = static_cast<T>(v2);
      }
    }
  }
}

template <class T>
FASTPHOTO_INLINE void whiten_tile(const float* const* colors, Index side, Index stride, Index count, double eps, T* q) {
  if (side == 3) {
    whiten_windows(colors, 3, stride, count, eps, q);
  } else {
    whiten_windows(colors, side, stride, count, eps, q);
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

/// All pairs of positions of a tile of windows whose first pixel (in row order) lies in rows [begin, end).
template <class T>
void gather_tile(const T* q, Index radius, Index row, Index column, Index count, T scale, Index begin, Index end,
                 Field<T>& planes) {
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
      add(q + a * 3 * tile, q + b * 3 * tile, count, scale, sums);
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
        gather_tile(q.data(), radius, row, column, count, pair_scale, begin, end, planes);
      }
    }
  });
}

template void assemble_affinity<float>(Workers&, const Field<float>&, const MattingOptions&, double, Field<float>&);
template void assemble_affinity<double>(Workers&, const Field<float>&, const MattingOptions&, double, Field<double>&);

}  // namespace fastphoto
