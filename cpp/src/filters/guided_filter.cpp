// SPDX-License-Identifier: Apache-2.0
//
// The guided filter with a grey or a colour guide.
#include "fastphoto/guided_filter.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/read_rows.h"
#include "filters/box_filter.h"
#include "filters/guided_rows.h"

namespace fastphoto {

namespace {

/// Mean of every channel. Moments are taken about it: variances then lose no digits to a large mean.
std::vector<double> channel_means(Workers& workers, const ImageView& view) {
  std::vector<double> row_sums(static_cast<std::size_t>(view.height * view.channels));
  workers.run(view.height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> samples(static_cast<std::size_t>(view.width));
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < view.channels; ++c) {
        read_row(view, c, row, 0, view.width, samples.data());
        double sum = 0.0;
        for (const float sample : samples) {
          sum += static_cast<double>(sample);
        }
        row_sums[static_cast<std::size_t>(row * view.channels + c)] = sum;
      }
    }
  });
  std::vector<double> means(static_cast<std::size_t>(view.channels));
  for (std::size_t i = 0; i < row_sums.size(); ++i) {
    means[i % means.size()] += row_sums[i] / static_cast<double>(view.pixels());
  }
  return means;
}

/// Solves (S + eps Id) a = v for a symmetric positive semidefinite S of order 1 or 3, given by its upper triangle.
/// Exact pivots are at least eps; rounding must not take them below.
class RegularisedSolver {
 public:
  RegularisedSolver(const double* upper, Index order, double eps) : order_(order) {
    if (order == 1) {
      p0_ = 1.0 / (std::max(upper[0], 0.0) + eps);
      return;
    }
    const double smallest = std::max(eps, 1e-15 * (upper[0] + upper[3] + upper[5]));
    const double d0 = std::max(upper[0] + eps, smallest);
    p0_ = 1.0 / d0;
    l10_ = upper[1] * p0_;
    l20_ = upper[2] * p0_;
    const double d1 = std::max(upper[3] + eps - l10_ * upper[1], smallest);
    p1_ = 1.0 / d1;
    const double m21 = upper[4] - l20_ * upper[1];
    l21_ = m21 * p1_;
    const double d2 = std::max(upper[5] + eps - l20_ * upper[2] - l21_ * m21, smallest);
    p2_ = 1.0 / d2;
  }

  void solve(double* v) const {
    if (order_ == 1) {
      v[0] *= p0_;
      return;
    }
    v[1] -= l10_ * v[0];
    v[2] -= l20_ * v[0] + l21_ * v[1];
    v[2] *= p2_;
    v[1] = v[1] * p1_ - l21_ * v[2];
    v[0] = v[0] * p0_ - l10_ * v[1] - l20_ * v[2];
  }

 private:
  Index order_;
  double p0_ = 0.0, p1_ = 0.0, p2_ = 0.0;  // inverse pivots of L D L^T
  double l10_ = 0.0, l20_ = 0.0, l21_ = 0.0;
};

/// Guide and source with their means taken off, read row by row.
struct CentredPair {
  ImageView guide;
  ImageView src;
  std::vector<double> guide_mean;
  std::vector<double> src_mean;

  Index products() const { return guide.channels * (guide.channels + 1) / 2; }
  Index moments() const { return guide.channels + products() + src.channels * (1 + guide.channels); }

  /// Per pixel: I, upper triangle of I I^T, then for each source channel p and p I.
  void fill_moments(Index row, double* out) const {
    for (Index x = 0; x < guide.width; ++x) {
      double color[3];
      for (Index g = 0; g < guide.channels; ++g) {
        color[g] = static_cast<double>(guide.at(row, x, g)) - guide_mean[static_cast<std::size_t>(g)];
        *out++ = color[g];
      }
      for (Index g = 0; g < guide.channels; ++g) {
        for (Index h = g; h < guide.channels; ++h) {
          *out++ = color[g] * color[h];
        }
      }
      for (Index c = 0; c < src.channels; ++c) {
        const double p = static_cast<double>(src.at(row, x, c)) - src_mean[static_cast<std::size_t>(c)];
        *out++ = p;
        for (Index g = 0; g < guide.channels; ++g) {
          *out++ = p * color[g];
        }
      }
    }
  }

  /// Moment sums of one window -> for each source channel a (one per guide channel) and b, for centred colours.
  void fit(const double* sums, double pixels, double eps, float* out) const {
    const double share = 1.0 / pixels;
    double mean[3];
    for (Index g = 0; g < guide.channels; ++g) {
      mean[g] = sums[g] * share;
    }
    double covariance[6];
    const double* product = sums + guide.channels;
    Index k = 0;
    for (Index g = 0; g < guide.channels; ++g) {
      for (Index h = g; h < guide.channels; ++h, ++k) {
        covariance[k] = product[k] * share - mean[g] * mean[h];
      }
    }
    const RegularisedSolver solver(covariance, guide.channels, eps);
    const double* source = product + products();
    for (Index c = 0; c < src.channels; ++c) {
      const double p_mean = source[0] * share;
      double a[3];
      for (Index g = 0; g < guide.channels; ++g) {
        a[g] = source[1 + g] * share - p_mean * mean[g];
      }
      solver.solve(a);
      double b = p_mean;
      for (Index g = 0; g < guide.channels; ++g) {
        b -= a[g] * mean[g];
        *out++ = static_cast<float>(a[g]);
      }
      *out++ = static_cast<float>(b);
      source += 1 + guide.channels;
    }
  }
};

Index window_width(Index x, Index width, Index radius) {
  return std::min(width - 1, x + radius) - std::max<Index>(0, x - radius) + 1;
}

/// Window sums of the maps of all windows: use(row, sums, rows_in_window).
template <class Use>
void sum_maps(Workers& workers, const CentredPair& pair, Index radius, double eps, const Use& use) {
  const Index height = pair.guide.height;
  const Index width = pair.guide.width;
  const Index per_pixel = pair.src.channels * (pair.guide.channels + 1);
  const std::unique_ptr<float[]> maps(new float[static_cast<std::size_t>(height * width * per_pixel)]);
  box_filter(
      workers, height, width, pair.moments(), radius, [&](Index row, double* out) { pair.fill_moments(row, out); },
      [&](Index row, const double* sums, Index rows_in_window) {
        for (Index x = 0; x < width; ++x) {
          pair.fit(sums + x * pair.moments(), static_cast<double>(rows_in_window * window_width(x, width, radius)), eps,
                   maps.get() + (row * width + x) * per_pixel);
        }
      });
  box_filter(
      workers, height, width, per_pixel, radius,
      [&](Index row, double* values) { std::copy_n(maps.get() + row * width * per_pixel, width * per_pixel, values); },
      use);
}

CentredPair centred(Workers& workers, const ImageView& guide, const ImageView& src) {
  return {guide, src, channel_means(workers, guide), channel_means(workers, src)};
}

Index radius_within(const ImageView& guide, int radius) {
  return std::min<Index>(radius, std::max(guide.height, guide.width));
}

}  // namespace

void guided_filter_rows(Workers& workers, const ImageView& guide, const ImageView& src,
                        const GuidedFilterOptions& options, const UseRow& use) {
  const Index width = guide.width;
  const Index radius = radius_within(guide, options.radius);
  const CentredPair pair = centred(workers, guide, src);
  sum_maps(workers, pair, radius, options.eps, [&](Index row, const double* sums, Index rows_in_window) {
    std::vector<float> filtered(static_cast<std::size_t>(width * src.channels));
    std::size_t to = 0;
    for (Index x = 0; x < width; ++x) {
      const double share = 1.0 / static_cast<double>(rows_in_window * window_width(x, width, radius));
      for (Index c = 0; c < src.channels; ++c) {
        double value = 0.0;
        for (Index g = 0; g < guide.channels; ++g) {
          value += *sums++ * (static_cast<double>(guide.at(row, x, g)) - pair.guide_mean[static_cast<std::size_t>(g)]);
        }
        value += *sums++;
        filtered[to++] = static_cast<float>(value * share + pair.src_mean[static_cast<std::size_t>(c)]);
      }
    }
    use(row, filtered.data());
  });
}

void guided_map_rows(Workers& workers, const ImageView& guide, const ImageView& src, const GuidedFilterOptions& options,
                     const UseMapRow& use) {
  const Index width = guide.width;
  const Index radius = radius_within(guide, options.radius);
  const CentredPair pair = centred(workers, guide, src);
  sum_maps(workers, pair, radius, options.eps, [&](Index row, const double* sums, Index rows_in_window) {
    std::vector<float> maps(static_cast<std::size_t>(width * src.channels * (guide.channels + 1)));
    std::size_t to = 0;
    for (Index x = 0; x < width; ++x) {
      const double share = 1.0 / static_cast<double>(rows_in_window * window_width(x, width, radius));
      for (Index c = 0; c < src.channels; ++c) {
        double offset = pair.src_mean[static_cast<std::size_t>(c)];
        for (Index g = 0; g < guide.channels; ++g) {
          const double factor = share * *sums++;
          offset -= factor * pair.guide_mean[static_cast<std::size_t>(g)];
          maps[to++] = static_cast<float>(factor);
        }
        maps[to++] = static_cast<float>(offset + share * *sums++);
      }
    }
    use(row, maps.data());
  });
}

Image guided_filter(const ImageView& guide, const ImageView& src, const GuidedFilterOptions& options, Threads threads) {
  Workers workers(threads);
  require_option(std::isfinite(options.eps) && options.eps > 0.0, "eps", options.eps, "positive");
  require_option(options.radius >= 0, "radius", options.radius, "0 or more");
  require(guide.channels == 1 || guide.channels == 3,
          "guide must be H x W, H x W x 1 or H x W x 3, got " + shape_text(guide));
  require_image(workers, guide, "guide", 0);
  require_image(workers, src, "src", 0);
  require_same_size(src, "src", guide, "guide");
  Image out(src.height, src.width, src.channels);
  const Index row_size = src.width * src.channels;
  guided_filter_rows(workers, guide, src, options, [&](Index row, const float* filtered) {
    std::copy_n(filtered, row_size, out.data() + row * row_size);
  });
  return out;
}

}  // namespace fastphoto
