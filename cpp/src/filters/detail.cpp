// SPDX-License-Identifier: Apache-2.0
//
// Gives a restyled photo the content's detail back: what a guided filter smooths away of the luma.
#include "fastphoto/detail.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/luma.h"
#include "base/multiversion.h"
#include "base/read_rows.h"
#include "base/row_sums.h"
#include "filters/detail_rows.h"
#include "filters/guided_rows.h"

namespace fastphoto {

namespace {

/// Lumas of a row of both photos, side by side.
FASTPHOTO_MULTIVERSION void read_lumas(const float* content, const float* result, Index width, float* lumas) {
  for (Index x = 0; x < width; ++x) {
    lumas[2 * x] = luma(content[3 * x], content[3 * x + 1], content[3 * x + 2]);
    lumas[2 * x + 1] = luma(result[3 * x], result[3 * x + 1], result[3 * x + 2]);
  }
}

FASTPHOTO_MULTIVERSION void subtract(const float* smooth, Index count, float* values) {
  for (Index i = 0; i < count; ++i) {
    values[i] -= smooth[i];
  }
}

double sum_of(const float* values, Index width, Index channel) {
  double sum = 0.0;
  for (Index x = 0; x < width; ++x) {
    sum += static_cast<double>(values[2 * x + channel]);
  }
  return sum;
}

double squares_of(const float* values, Index width, Index channel) {
  double squares = 0.0;
  for (Index x = 0; x < width; ++x) {
    const auto value = static_cast<double>(values[2 * x + channel]);
    squares += value * value;
  }
  return squares;
}

double contrast(const LumaSums& sums) {
  const double mean = sums.tones / sums.pixels;
  return std::sqrt(std::max(0.0, sums.squared_tones / sums.pixels - mean * mean));
}

/// k d_c - d_r
FASTPHOTO_MULTIVERSION void compare(const float* details, Index width, float gain, float* change) {
  for (Index x = 0; x < width; ++x) {
    change[x] = gain * details[2 * x] - details[2 * x + 1];
  }
}

FASTPHOTO_MULTIVERSION void add_to_all_channels(const float* change, Index width, float* result) {
  for (Index x = 0; x < width; ++x) {
    for (Index c = 0; c < 3; ++c) {
      const float sum = result[3 * x + c] + change[x];
      const float low = sum > 0.0F ? sum : 0.0F;
      result[3 * x + c] = low < 1.0F ? low : 1.0F;
    }
  }
}

bool is_positive(double number) { return std::isfinite(number) && number > 0.0; }

/// Options may be beyond what a float holds; products with details of 0 must stay 0.
float to_float(double positive) { return static_cast<float>(std::min(positive, 1e30)); }

}  // namespace

void require_detail_options(const DetailOptions& options) {
  require_option(is_positive(options.radius), "radius", options.radius, "positive");
  require_option(is_positive(options.edge_variance), "edge_variance", options.edge_variance, "positive");
  require_option(options.amount >= 0.0 && options.amount <= 1.0, "amount", options.amount, "between 0 and 1");
  require_option(is_positive(options.largest_change), "largest_change", options.largest_change, "positive");
  require_option(is_positive(options.largest_gain), "largest_gain", options.largest_gain, "positive");
}

int detail_radius(const DetailOptions& options, Index side) {
  constexpr double most = 1 << 30;
  return static_cast<int>(std::clamp(std::nearbyint(options.radius * static_cast<double>(side)), 1.0, most));
}

DetailChange::DetailChange(const LumaSums& content, const LumaSums& own, const DetailOptions& options) {
  const double of_content = std::sqrt(content.squared_detail);
  const double of_result = std::sqrt(own.squared_detail);
  const double gain = of_result < options.largest_gain * of_content ? of_result / of_content : options.largest_gain;
  const double tones = contrast(own) < contrast(content) ? contrast(own) / contrast(content) : 1.0;
  gain_ = to_float(std::min(options.largest_gain, std::max(gain, tones)));
  scale_ = to_float(options.amount / options.largest_change);
  largest_ = static_cast<float>(options.largest_change);
}

void DetailChange::limit(float* change, Index width) const {
  Eigen::Map<Eigen::ArrayXf> limited(change, width);
  limited = largest_ * (scale_ * limited).tanh();
}

void restore_detail(const ImageView& content, Image& result, const DetailOptions& options, Threads threads) {
  require_detail_options(options);
  Workers workers(threads);
  require_image(workers, content, "content", 3);
  require_image(workers, result.view(), "result", 3);
  require_interleaved(result, "result");
  require_same_size(result.view(), "result", content, "content");
  const Index height = content.height;
  const Index width = content.width;

  Image details(height, width, 2);  // at first the lumas themselves
  const auto details_row = [&](Index row) { return details.data() + row * width * 2; };
  const auto result_row = [&](Index row) { return result.data() + row * width * 3; };
  workers.run(height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> scratch(static_cast<std::size_t>(width * 3));
    for (Index row = begin; row < end; ++row) {
      read_lumas(interleaved_row(content, row, scratch.data()), result_row(row), width, details_row(row));
    }
  });

  ImageView content_luma = details.view();
  content_luma.channels = 1;
  const int radius = detail_radius(options, std::max(height, width));
  constexpr Index kinds = 3;  // of sums, for each photo
  RowSums sums(height, 2 * kinds);
  guided_filter_rows(workers, content_luma, details.view(), {radius, options.edge_variance},
                     [&](Index row, const float* smooth) {
                       subtract(smooth, width * 2, details_row(row));
                       for (Index photo = 0; photo < 2; ++photo) {
                         const Index at = kinds * photo;
                         sums.at(row, at) = sum_of(smooth, width, photo);
                         sums.at(row, at + 1) = squares_of(smooth, width, photo);
                         sums.at(row, at + 2) = squares_of(details_row(row), width, photo);
                       }
                     });

  const PerChannel totals = sums.total();
  const auto pixels = static_cast<double>(height * width);
  const DetailChange replace({pixels, totals[0], totals[1], totals[2]}, {pixels, totals[3], totals[4], totals[5]},
                             options);
  workers.run(height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> change(static_cast<std::size_t>(width));
    for (Index row = begin; row < end; ++row) {
      compare(details_row(row), width, replace.gain(), change.data());
      replace.limit(change.data(), width);
      add_to_all_channels(change.data(), width, result_row(row));
    }
  });
}

}  // namespace fastphoto
