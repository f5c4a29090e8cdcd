// SPDX-License-Identifier: Apache-2.0
//
// Sets up the system of closed-form smoothing: padding, turning, right-side factors, matrix and multigrid.
#include "solver/smoothing_system.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/read_rows.h"
#include "matting/affinity.h"
#include "matting/window_offsets.h"

namespace fastphoto {

namespace {

// Below this, setting the levels up costs more than they save.
constexpr Index fewest_pixels = 64;

// Rows are padded, those of the levels more than those of the pixels. In narrow images the padding is up to a fifth of
// all memory, so narrow portraits are solved lying on their side. In wider ones the padding is too little to read
// columns for. In tall ones columns are slow to read: every sample lies in another page.
constexpr Index narrow = 1024;
constexpr Index tall = 4096;

/// Along one axis, the share of a pixel's windows: D / |w| is the product of two of these.
std::vector<float> window_shares(Index size, Index radius) {
  std::vector<float> shares(static_cast<std::size_t>(size));
  for (Index i = 0; i < size; ++i) {
    shares[static_cast<std::size_t>(i)] =
        static_cast<float>(WindowRange(i, size, radius).count()) / static_cast<float>(2 * radius + 1);
  }
  return shares;
}

ImageView transposed(const ImageView& view) {
  ImageView result = view;
  std::swap(result.height, result.width);
  std::swap(result.row_stride, result.column_stride);
  return result;
}

std::vector<float> roots(std::vector<float> numbers) {
  for (float& number : numbers) {
    number = std::sqrt(number);
  }
  return numbers;
}

std::vector<float> scaled(std::vector<float> numbers, float factor) {
  for (float& number : numbers) {
    number *= factor;
  }
  return numbers;
}

double one_minus_alpha(const SmoothingOptions& options) { return options.lam / (1.0 + options.lam); }
double alpha(const SmoothingOptions& options) { return 1.0 / (1.0 + options.lam); }

}  // namespace

SmoothingSystem::SmoothingSystem(Workers& workers, const ImageView& content, const ImageView* data_weights,
                                 const SmoothingOptions& options)
    : padding_(options.border_padding),
      on_its_side_(content.width < content.height && content.width < narrow && content.height < tall) {
  const Index radius = options.radius;
  const ImageView guide = turned(content);
  grid_ = Grid{guide.height + 2 * padding_, guide.width + 2 * padding_, 2 * radius};
  if (data_weights != nullptr) {
    read_weights(turned(*data_weights));
  }
  if (grid_.height < 2 * radius + 1 || grid_.width < 2 * radius + 1) {
    return;
  }
  const std::vector<float> row_shares = window_shares(grid_.height, radius);
  const std::vector<float> column_shares = window_shares(grid_.width, radius);
  const auto of_data = static_cast<float>(one_minus_alpha(options));
  row_roots_ = options.normalized ? roots(row_shares) : std::vector<float>(row_shares.size(), 1.0F);
  column_roots_ = options.normalized ? roots(column_shares) : std::vector<float>(column_shares.size(), 1.0F);
  row_data_ = scaled(options.normalized ? row_roots_ : row_shares, of_data);
  column_data_ = options.normalized ? column_roots_ : column_shares;
  std::vector<float> bounds(weights_);
  for (float& number : bounds) {
    number = static_cast<float>(alpha(options) + one_minus_alpha(options) * static_cast<double>(number));
  }
  bound_ = std::make_unique<PixelDiagonal>(row_shares, column_shares, std::move(bounds));

  Field<float> colors(Grid{grid_.height, grid_.width, 0}, 3, Lifetime::Long);
  workers.run(grid_.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < 3; ++c) {
        read_padded_row(guide, padding_, c, row, colors.row(c, row));
      }
    }
  });
  Field<float> coefficients(grid_, static_cast<Index>(positive_offsets(radius).size()), Lifetime::Long);
  const auto window_size = static_cast<double>((2 * radius + 1) * (2 * radius + 1));
  assemble_affinity(workers, colors, {options.eps, options.radius}, alpha(options) / window_size, coefficients);
  matrix_ = std::make_unique<StencilOperator>(std::move(coefficients), radius,
                                              PixelDiagonal(scaled(row_shares, of_data), column_shares, weights_));
  if (radius == 1 && grid_.height * grid_.width >= fewest_pixels) {
    multigrid_ = Multigrid::build(workers, std::move(colors), *matrix_, options.eps);
  }
}

ImageView SmoothingSystem::turned(const ImageView& view) const { return on_its_side_ ? transposed(view) : view; }

void SmoothingSystem::read_weights(const ImageView& data_weights) {
  weights_.resize(static_cast<std::size_t>(grid_.height * grid_.width));
  for (Index row = 0; row < grid_.height; ++row) {
    read_padded_row(data_weights, padding_, 0, row, weights_.data() + row * grid_.width);
  }
  const auto [least, most] = std::minmax_element(weights_.begin(), weights_.end());
  require(*least >= 0.0F && *most > 0.0F, "data_weights must be 0 or more and somewhere positive, got " +
                                              number_text(static_cast<double>(*least)) + " to " +
                                              number_text(static_cast<double>(*most)));
}

void SmoothingSystem::read_right_side(const ImageView& stylized, Index channel, Index row, float* b) const {
  read_padded_row(turned(stylized), padding_, channel, row, b);
  const float of_row = row_data_[static_cast<std::size_t>(row)];
  for (Index i = 0; i < grid_.width; ++i) {
    b[i] *= of_row * column_data_[static_cast<std::size_t>(i)];
  }
  for (Index i = 0; !weights_.empty() && i < grid_.width; ++i) {
    b[i] *= weights_[static_cast<std::size_t>(row * grid_.width + i)];
  }
}

void SmoothingSystem::read_unknowns(const ImageView& image, Index channel, Index row, float* u) const {
  read_padded_row(turned(image), padding_, channel, row, u);
  const float of_row = row_roots_[static_cast<std::size_t>(row)];
  for (Index i = 0; i < grid_.width; ++i) {
    u[i] /= of_row * column_roots_[static_cast<std::size_t>(i)];
  }
}

}  // namespace fastphoto
