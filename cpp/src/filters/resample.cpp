// SPDX-License-Identifier: Apache-2.0
//
// Resizes images: stretched Lanczos where an axis shrinks, cubic convolution where it grows, rows apart from columns.
#include "fastphoto/resample.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/multiversion.h"
#include "base/pixel_rows.h"
#include "base/read_rows.h"
#include "filters/resize_pixels.h"

namespace fastphoto {

namespace {

constexpr Index lanes = 4;  // channels of a pixel that are summed at once; rows have room for reads beyond their end

double lanczos3(double x) {
  constexpr double pi = 3.14159265358979323846;
  if (x == 0.0) {
    return 1.0;
  }
  const double angle = pi * x;
  return std::abs(x) < 3.0 ? 3.0 * std::sin(angle) * std::sin(angle / 3.0) / (angle * angle) : 0.0;
}

double keys_cubic(double x) {
  const double d = std::abs(x);
  if (d < 1.0) {
    return (1.5 * d - 2.5) * d * d + 1.0;
  }
  return d < 2.0 ? ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0 : 0.0;
}

/// For each pixel of an axis at its new size: which pixels it is made of, and their weights.
class Axis {
 public:
  Axis(Index source, Index target)
      : first_(static_cast<std::size_t>(target)), count_(first_.size()), start_(first_.size()) {
    const double ratio = static_cast<double>(source) / static_cast<double>(target);
    const bool shrinks = target < source;
    const double stretch = shrinks ? ratio : 1.0;
    const double reach = stretch * (shrinks ? 3.0 : 2.0);
    std::vector<double> weights;
    for (std::size_t i = 0; i < first_.size(); ++i) {
      const double centre = (static_cast<double>(i) + 0.5) * ratio - 0.5;
      Index first = std::max<Index>(0, static_cast<Index>(std::ceil(centre - reach)));
      const Index last = std::min(source - 1, static_cast<Index>(std::floor(centre + reach)));
      weights.clear();
      double sum = 0.0;
      for (Index at = first; at <= last; ++at) {
        const double distance = (static_cast<double>(at) - centre) / stretch;
        weights.push_back(shrinks ? lanczos3(distance) : keys_cubic(distance));
        sum += weights.back();
      }
      // Pixels at the ends of the reach weigh nothing; without them an axis that keeps its size is copied.
      while (weights.back() == 0.0) {
        weights.pop_back();
      }
      const auto least = std::find_if(weights.begin(), weights.end(), [](double weight) { return weight != 0.0; });
      first += least - weights.begin();
      first_[i] = first;
      count_[i] = weights.end() - least;
      start_[i] = static_cast<Index>(weights_.size());
      std::transform(least, weights.end(), std::back_inserter(weights_),
                     [&](double weight) { return static_cast<float>(weight / sum); });
    }
  }

  Index size() const { return static_cast<Index>(first_.size()); }
  Index first(Index i) const { return first_[static_cast<std::size_t>(i)]; }
  Index count(Index i) const { return count_[static_cast<std::size_t>(i)]; }
  /// [first, last) of all the pixels that [begin, end) are made of. A pixel may start before the one on its left, which
  /// lies on a pixel's centre and is made of that alone.
  std::pair<Index, Index> span(Index begin, Index end) const {
    std::pair<Index, Index> all = {first(begin), first(begin) + count(begin)};
    for (Index i = begin; i < end; ++i) {
      all.first = std::min(all.first, first(i));
      all.second = std::max(all.second, first(i) + count(i));
    }
    return all;
  }
  const float* weights(Index i) const { return weights_.data() + start_[static_cast<std::size_t>(i)]; }

 private:
  std::vector<Index> first_;
  std::vector<Index> count_;
  std::vector<Index> start_;  // among the weights
  std::vector<float> weights_;
};

FASTPHOTO_MULTIVERSION void add_row(const float* row, float weight, Index count, float* FASTPHOTO_RESTRICT sum) {
  for (Index i = 0; i < count; ++i) {
    sum[i] += weight * row[i];
  }
}

FASTPHOTO_MULTIVERSION void add_four_rows(const float* const* rows, const float* weights, Index count,
                                          float* FASTPHOTO_RESTRICT sum) {
  const float* FASTPHOTO_RESTRICT a = rows[0];
  const float* FASTPHOTO_RESTRICT b = rows[1];
  const float* FASTPHOTO_RESTRICT c = rows[2];
  const float* FASTPHOTO_RESTRICT d = rows[3];
  const float w0 = weights[0];
  const float w1 = weights[1];
  const float w2 = weights[2];
  const float w3 = weights[3];
  for (Index i = 0; i < count; ++i) {
    sum[i] += w0 * a[i] + w1 * b[i] + w2 * c[i] + w3 * d[i];
  }
}

/// The weighted sum of the rows that row `to` of the axis is made of. row(y, slot) gives row y; four slots are in use
/// at a time.
template <class Row>
void sum_rows(const Axis& axis, Index to, Index count, const Row& row, float* sum) {
  std::fill_n(sum, count, 0.0F);
  const float* const weights = axis.weights(to);
  Index k = 0;
  for (; k + 4 <= axis.count(to); k += 4) {
    const float* rows[4];
    for (Index slot = 0; slot < 4; ++slot) {
      rows[slot] = row(axis.first(to) + k + slot, slot);
    }
    add_four_rows(rows, weights + k, count, sum);
  }
  for (; k < axis.count(to); ++k) {
    add_row(row(axis.first(to) + k, 0), weights[k], count, sum);
  }
}

/// The weighted sum of `count` pixels, for `lanes` channels, of which those that exist are kept.
FASTPHOTO_INLINE void sum_pixels(const float* pixels, const float* weights, Index count, Index channels, Index kept,
                                 float* out) {
  float sum[lanes] = {};
  for (Index k = 0; k < count; ++k, pixels += channels) {
    for (Index lane = 0; lane < lanes; ++lane) {
      sum[lane] += weights[k] * pixels[lane];
    }
  }
  for (Index lane = 0; lane < kept; ++lane) {
    out[lane] = sum[lane];
  }
}

/// A row at the axis' size.
FASTPHOTO_MULTIVERSION void resize_row(const Axis& axis, const float* row, Index channels, float* out) {
  for (Index channel = 0; channel < channels; channel += lanes) {
    const Index kept = std::min(lanes, channels - channel);
    for (Index x = 0; x < axis.size(); ++x) {
      const float* const pixels = row + axis.first(x) * channels + channel;
      sum_pixels(pixels, axis.weights(x), axis.count(x), channels, kept, out + x * channels + channel);
    }
  }
}

/// Rows of an image of samples.
struct ImageRows {
  const ImageView& view;
  Index height = view.height;
  Index width = view.width;
  Index channels = view.channels;

  const float* row(Index y, float* scratch) const { return interleaved_row(view, y, scratch); }
};

/// Rows of a host's pixels.
struct PixelsRows {
  const Pixels& pixels;
  Index height = pixels.height;
  Index width = pixels.width;
  Index channels = 3;

  const float* row(Index y, float* scratch) const {
    read_rgb(pixels, y, scratch);
    return scratch;
  }
};

/// use(row, samples) with each row of the resized image. The direction that leaves less to do for the other goes first:
/// down the columns if they shrink, along the rows otherwise.
template <class Rows, class Use>
void resize_rows(Workers& workers, const Rows& image, Index height, Index width, const Use& use) {
  const Axis down(image.height, height);
  const Axis along(image.width, width);
  const Index from_size = image.width * image.channels;
  const Index to_size = width * image.channels;
  const auto with_room = [](Index count) { return static_cast<std::size_t>(count + lanes); };
  if (height < image.height) {
    workers.run(height, 4, [&](Index begin, Index end) {
      std::vector<float> scratch(static_cast<std::size_t>(4 * from_size));
      std::vector<float> sum(with_room(from_size));
      std::vector<float> out(with_room(to_size));
      for (Index y = begin; y < end; ++y) {
        sum_rows(
            down, y, from_size,
            [&](Index row, Index slot) { return image.row(row, scratch.data() + slot * from_size); }, sum.data());
        resize_row(along, sum.data(), image.channels, out.data());
        use(y, out.data());
      }
    });
    return;
  }
  workers.run(height, 2 * rows_per_chunk, [&](Index begin, Index end) {
    const std::pair<Index, Index> span = down.span(begin, end);
    const Index first = span.first;
    std::vector<float> row(with_room(from_size));
    std::vector<float> resized(static_cast<std::size_t>((span.second - first) * to_size));
    for (Index y = first; y < span.second; ++y) {
      const float* const samples = image.row(y, row.data());
      if (samples != row.data()) {
        std::copy_n(samples, from_size, row.data());
      }
      resize_row(along, row.data(), image.channels, resized.data() + (y - first) * to_size);
    }
    std::vector<float> sum(static_cast<std::size_t>(to_size));
    for (Index y = begin; y < end; ++y) {
      sum_rows(down, y, to_size, [&](Index at, Index) { return resized.data() + (at - first) * to_size; }, sum.data());
      use(y, sum.data());
    }
  });
}

FASTPHOTO_MULTIVERSION void add(const float* a, const float* b, Index count, float* out) {
  for (Index i = 0; i < count; ++i) {
    out[i] = a[i] + b[i];
  }
}

template <class Rows>
Image resized(Workers& workers, const Rows& image, Index height, Index width) {
  constexpr Index most_samples = std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(float));
  require(height > 0 && width > 0 && height <= most_samples / image.channels / width,
          "the new size must be at least 1 x 1 and fit into memory, got " + std::to_string(height) + " x " +
              std::to_string(width));
  Image out(height, width, image.channels);
  const Index row_size = width * image.channels;
  resize_rows(workers, image, height, width,
              [&](Index row, const float* samples) { std::copy_n(samples, row_size, out.data() + row * row_size); });
  return out;
}

}  // namespace

Image resize(const ImageView& image, Index height, Index width, Threads threads) {
  Workers workers(threads);
  require_image(workers, image, "image", 0);
  return resized(workers, ImageRows{image}, height, width);
}

Image resize_pixels(const Pixels& pixels, Index height, Index width, Threads threads) {
  Workers workers(threads);
  return resized(workers, PixelsRows{pixels}, height, width);
}

void add_resized(const ImageView& content, const ImageView& change, Image& out, Threads threads) {
  Workers workers(threads);
  require_image(workers, content, "content", 0);
  require_image(workers, change, "change", content.channels);
  require_same_size(out.view(), "out", content, "content");
  require(out.channels() == content.channels,
          "out must have the content's shape, " + shape_text(content) + ", got " + shape_text(out.view()));
  require_interleaved(out, "out");
  const Index row_size = content.width * content.channels;
  resize_rows(workers, ImageRows{change}, content.height, content.width, [&](Index row, const float* samples) {
    std::vector<float> scratch(has_interleaved_rows(content) ? 0 : static_cast<std::size_t>(row_size));
    add(interleaved_row(content, row, scratch.data()), samples, row_size, out.data() + row * row_size);
  });
}

}  // namespace fastphoto
