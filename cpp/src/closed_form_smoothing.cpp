// SPDX-License-Identifier: Apache-2.0
#include "fastphoto/closed_form_smoothing.h"

#include <chrono>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "affinity.h"
#include "check.h"
#include "conjugate_gradient.h"
#include "preconditioner.h"
#include "samples.h"
#include "stencil.h"
#include "windows.h"

namespace fastphoto {

namespace {

void require_smoothing_options(const SmoothingOptions& options) {
  require_option(std::isfinite(options.lam) && options.lam > 0.0, "lam", options.lam, "positive");
  require_matting_options({options.eps, options.radius});
  require_option(options.rtol > 0.0 && options.rtol < 1.0, "rtol", options.rtol, "between 0 and 1");
  require_option(options.max_iterations >= 0, "max_iterations", options.max_iterations, "0 or more");
  require_option(options.border_padding >= 0, "border_padding", options.border_padding, "0 or more");
}

/// Along one axis, the share of a pixel's windows: D / |w| is the product of two of these.
std::vector<float> window_shares(Index size, Index radius) {
  std::vector<float> shares(static_cast<std::size_t>(size));
  for (Index i = 0; i < size; ++i) {
    shares[static_cast<std::size_t>(i)] =
        static_cast<float>(WindowRange(i, size, radius).count()) / static_cast<float>(2 * radius + 1);
  }
  return shares;
}

std::vector<float> scaled(std::vector<float> numbers, float factor) {
  for (float& number : numbers) {
    number *= factor;
  }
  return numbers;
}

}  // namespace

/// The system divided by |w|: with d = D / |w|, ((1 - alpha) d + alpha L / |w|) u = (1 - alpha) d v, where v = d^(-1/2)
/// Y and R = d^(1/2) u in the paper's system, v = Y and R = u in the one that keeps constants.
struct ClosedFormSmoother::Impl {
  SmoothingOptions options;
  Index height = 0;  // of the content, without padding
  Index width = 0;
  Grid grid;  // with padding
  std::vector<float> row_shares;
  std::vector<float> column_shares;
  std::unique_ptr<StencilOperator> system;  // none if the content is smaller than a window
  std::unique_ptr<Preconditioner> preconditioner;

  Impl(const ImageView& content, const SmoothingOptions& given, int threads);
  SmoothingResult solve(const ImageView& stylized, int threads) const;
  Image crop(Workers& workers, const Field<double>& u) const;

  double one_minus_alpha() const { return options.lam / (1.0 + options.lam); }
  double alpha() const { return 1.0 / (1.0 + options.lam); }

  float share(Index row, Index column) const {
    return row_shares[static_cast<std::size_t>(row)] * column_shares[static_cast<std::size_t>(column)];
  }

  /// R / u, and Y / v.
  float unknown_to_color(Index row, Index column) const {
    return options.normalized ? std::sqrt(share(row, column)) : 1.0F;
  }
};

ClosedFormSmoother::Impl::Impl(const ImageView& content, const SmoothingOptions& given, int threads)
    : options(given), height(content.height), width(content.width) {
  Workers workers(threads);
  require_smoothing_options(options);
  require_image(workers, content, "content", 3);
  const Index padding = options.border_padding;
  const Index radius = options.radius;
  grid = Grid{height + 2 * padding, width + 2 * padding, 2 * radius};
  if (grid.height < 2 * radius + 1 || grid.width < 2 * radius + 1) {
    return;
  }
  row_shares = window_shares(grid.height, radius);
  column_shares = window_shares(grid.width, radius);

  std::vector<float> colors(static_cast<std::size_t>(3 * grid.height * grid.width));
  workers.run(grid.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < 3; ++c) {
        read_padded_row(content, padding, c, row, colors.data() + (c * grid.height + row) * grid.width);
      }
    }
  });
  Field<float> coefficients(grid, static_cast<Index>(positive_offsets(radius).size()));
  const auto window_size = static_cast<double>((2 * radius + 1) * (2 * radius + 1));
  assemble_affinity(workers, colors, {options.eps, options.radius}, alpha() / window_size, coefficients);
  system = std::make_unique<StencilOperator>(std::move(coefficients), radius,
                                             scaled(row_shares, static_cast<float>(one_minus_alpha())), column_shares);
  preconditioner = std::make_unique<DiagonalPreconditioner>(row_shares, column_shares);
}

SmoothingResult ClosedFormSmoother::Impl::solve(const ImageView& stylized, int threads) const {
  const auto start = std::chrono::steady_clock::now();
  Workers workers(threads);
  require_image(workers, stylized, "stylized", 0);
  require(stylized.height == height && stylized.width == width,
          "stylized and content must have the same height and width, got " + shape_text(stylized) + " and " +
              std::to_string(height) + " x " + std::to_string(width) + " x 3");
  SmoothingResult result;
  if (system == nullptr) {
    result.image = Image(height, width, stylized.channels);
    for (Index i = 0; i < stylized.pixels(); ++i) {
      for (Index c = 0; c < stylized.channels; ++c) {
        result.image.data()[i * stylized.channels + c] = stylized.at(i / width, i % width, c);
      }
    }
    return result;
  }

  const auto b = [&](Index c, Index row, float* out) {
    read_padded_row(stylized, options.border_padding, c, row, out);
    for (Index i = 0; i < grid.width; ++i) {
      out[i] *= static_cast<float>(one_minus_alpha()) * share(row, i) / unknown_to_color(row, i);
    }
  };
  // First guess: R = Y.
  Field<double> u(grid, stylized.channels);
  workers.run(grid.height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> values(static_cast<std::size_t>(grid.width));
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < stylized.channels; ++c) {
        read_padded_row(stylized, options.border_padding, c, row, values.data());
        for (Index i = 0; i < grid.width; ++i) {
          u.row(c, row)[i] = static_cast<double>(values[static_cast<std::size_t>(i)] / unknown_to_color(row, i));
        }
      }
    }
  });
  const SolveReport report =
      conjugate_gradient(workers, *system, *preconditioner, b, {options.rtol, options.max_iterations}, u);
  result.image = crop(workers, u);
  result.info.iterations = report.iterations;
  result.info.residual = report.residual;
  result.info.converged = report.converged;
  result.info.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

/// R from u, without the padding.
Image ClosedFormSmoother::Impl::crop(Workers& workers, const Field<double>& u) const {
  Image image(height, width, u.channels());
  const Index padding = options.border_padding;
  workers.run(height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < u.channels(); ++c) {
        const double* from = u.row(c, row + padding) + padding;
        float* to = image.data() + row * width * u.channels() + c;
        for (Index i = 0; i < width; ++i) {
          to[i * u.channels()] =
              static_cast<float>(static_cast<double>(unknown_to_color(row + padding, i + padding)) * from[i]);
        }
      }
    }
  });
  return image;
}

ClosedFormSmoother::ClosedFormSmoother(const ImageView& content, const SmoothingOptions& options, int threads)
    : impl_(std::make_unique<Impl>(content, options, threads)) {}
ClosedFormSmoother::~ClosedFormSmoother() = default;
ClosedFormSmoother::ClosedFormSmoother(ClosedFormSmoother&&) noexcept = default;
ClosedFormSmoother& ClosedFormSmoother::operator=(ClosedFormSmoother&&) noexcept = default;

SmoothingResult ClosedFormSmoother::solve(const ImageView& stylized, int threads) const {
  return impl_->solve(stylized, threads);
}

SmoothingResult closed_form_smooth(const ImageView& stylized, const ImageView& content, const SmoothingOptions& options,
                                   int threads) {
  return ClosedFormSmoother(content, options, threads).solve(stylized, threads);
}

}  // namespace fastphoto
