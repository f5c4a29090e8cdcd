// SPDX-License-Identifier: Apache-2.0
//
// Checks what callers hand in, and solves their images a few channels at a time.
#include "fastphoto/closed_form_smoothing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/dispatch_channels.h"
#include "base/page_pool.h"
#include "fastphoto/error.h"
#include "matting/affinity.h"
#include "solver/conjugate_gradient.h"
#include "solver/crop.h"
#include "solver/smoothing_system.h"
#include "solver/solve_policy.h"

namespace fastphoto {

namespace {

void require_smoothing_options(const SmoothingOptions& options) {
  require_option(std::isfinite(options.lam) && options.lam >= least_smoothing_lam, "lam", options.lam, "1e-10 or more");
  require_matting_options({options.eps, options.radius});
  require_option(options.rtol > 0.0 && options.rtol < 1.0, "rtol", options.rtol, "between 0 and 1");
  require_option(options.max_iterations >= 0, "max_iterations", options.max_iterations, "0 or more");
  require_option(options.border_padding >= 0, "border_padding", options.border_padding, "0 or more");
}

}  // namespace

struct ClosedFormSmoother::Impl {
  SmoothingOptions options;
  std::unique_ptr<PagePool> own_pages;  // none if the caller has made a pool current, or does not want one
  PagePool* pages;                      // what all large buffers below come from
  Index height;                         // of the content
  Index width;
  std::unique_ptr<SmoothingSystem> system;

  Impl(const ImageView& content, const ImageView* data_weights, const SmoothingOptions& given, Threads threads);
  SmoothingResult solve(const ImageView& stylized, const SolveOptions& how, Threads threads) const;
  SolveReport solve_channels(Workers& workers, const ImageView& stylized, const SolveOptions& how,
                             SmoothingResult& result, Index first) const;
  Image laplacian_product(const ImageView& image, Threads threads) const;
  void require_content_size(const ImageView& view, const char* name) const;
};

ClosedFormSmoother::Impl::Impl(const ImageView& content, const ImageView* data_weights, const SmoothingOptions& given,
                               Threads threads)
    : options(given),
      own_pages(given.page_pool && PagePool::current() == nullptr ? std::make_unique<PagePool>() : nullptr),
      pages(own_pages != nullptr ? own_pages.get() : PagePool::current()),
      height(content.height),
      width(content.width) {
  const PagePool::Use use(pages);
  Workers workers(threads);
  require_smoothing_options(options);
  require_image(workers, content, "content", 3);
  if (data_weights != nullptr) {
    require_image(workers, *data_weights, "data_weights", 1);
    require_same_size(*data_weights, "data_weights", content, "content");
  }
  system = std::make_unique<SmoothingSystem>(workers, content, data_weights, options);
}

SmoothingResult ClosedFormSmoother::Impl::solve(const ImageView& stylized, const SolveOptions& how,
                                                Threads threads) const {
  const auto start = std::chrono::steady_clock::now();
  PagePool* const of_caller = PagePool::current();
  const PagePool::Use use(pages);
  Workers workers(threads);
  require_image(workers, stylized, "stylized", 0);
  require_content_size(stylized, "stylized");
  const double rtol = how.rtol.value_or(options.rtol);
  require_option(rtol > 0.0 && rtol < 1.0, "rtol", rtol, "between 0 and 1");
  if (how.initial != nullptr) {
    require_image(workers, *how.initial, "initial", stylized.channels);
    require_same_size(*how.initial, "initial", stylized, "stylized");
  }
  SmoothingResult result;
  {
    const PagePool::Use outside(of_caller);  // the result may outlive the smoother
    result.image = Image(height, width, stylized.channels);
  }
  if (system->empty()) {
    for (Index i = 0; i < stylized.pixels(); ++i) {
      for (Index c = 0; c < stylized.channels; ++c) {
        result.image.data()[i * stylized.channels + c] = stylized.at(i / width, i % width, c);
      }
    }
    return result;
  }
  for (Index first = 0; first < stylized.channels; first += most_channels) {
    const SolveReport report = solve_channels(workers, stylized, how, result, first);
    result.info.iterations = std::max(result.info.iterations, report.iterations);
    result.info.residual = std::max(result.info.residual, report.residual);
    result.info.converged = result.info.converged && report.converged;
  }
  result.info.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

/// Solves for up to four channels from `first` on.
SolveReport ClosedFormSmoother::Impl::solve_channels(Workers& workers, const ImageView& stylized,
                                                     const SolveOptions& how, SmoothingResult& result,
                                                     Index first) const {
  const Index channels = std::min(most_channels, stylized.channels - first);
  const ImageView& guess = how.initial != nullptr ? *how.initial : stylized;
  const LinearSystem problem{
      system->matrix(), channels,
      [&](Index c, Index row, float* out) { system->read_right_side(stylized, first + c, row, out); },
      [&](Index c, Index row, float* out) { system->read_unknowns(guess, first + c, row, out); }};
  SolveLimits limits{how.rtol.value_or(options.rtol), options.max_iterations, how.progress};
  // R = Y solves the system where Y is affine in the content's colour; elsewhere L Y is large and zero is a better
  // start.
  limits.zero_if_closer = how.initial == nullptr;
  Solution u;
  const SolveReport report = solve_system(workers, *system, problem, limits, u, result.info.preconditioner);
  if (pages != nullptr) {
    pages->give_back_pages();  // before the result takes its own
  }
  if (report.cancelled) {
    throw Error(ErrorKind::Cancelled,
                "smoothing was cancelled after " + std::to_string(report.iterations) + " iterations");
  }
  crop(workers, *system, u, channels, first, result.image);
  return report;
}

void ClosedFormSmoother::Impl::require_content_size(const ImageView& view, const char* name) const {
  require(view.height == height && view.width == width,
          std::string(name) + " and content must have the same height and width, got " + shape_text(view) + " and " +
              std::to_string(height) + " x " + std::to_string(width) + " x 3");
}

Image ClosedFormSmoother::Impl::laplacian_product(const ImageView& image, Threads threads) const {
  PagePool* const of_caller = PagePool::current();
  const PagePool::Use use(pages);
  Workers workers(threads);
  require_image(workers, image, "image", 0);
  require_content_size(image, "image");
  require(options.border_padding == 0 && !options.normalized,
          "laplacian_product needs a smoother without border_padding and normalized, got border_padding " +
              std::to_string(options.border_padding) + " and normalized " + (options.normalized ? "true" : "false"));
  Image result;
  {
    const PagePool::Use outside(of_caller);  // the result may outlive the smoother
    result = Image(height, width, image.channels);
  }
  if (system->empty()) {
    std::fill(result.data(), result.data() + image.pixels() * image.channels, 0.0F);
    return result;
  }
  const Grid& grid = system->grid();
  // The matrix is (1 - alpha) d w + alpha L / |w|.
  const double window = (2.0 * options.radius + 1.0) * (2.0 * options.radius + 1.0);
  const auto factor = static_cast<float>(window * (1.0 + options.lam));
  for (Index first = 0; first < image.channels; first += most_channels) {
    const Index channels = std::min(most_channels, image.channels - first);
    Field<float> x(grid, channels);
    Solution product;
    product.single.emplace(grid, channels);
    Field<float>& y = *product.single;
    workers.run(grid.height, rows_per_chunk, [&](Index begin, Index end) {
      for (Index row = begin; row < end; ++row) {
        for (Index c = 0; c < channels; ++c) {
          system->read_unknowns(image, first + c, row, x.row(c, row));
        }
      }
    });
    system->matrix().apply(workers, x, y);
    workers.run(grid.height, rows_per_chunk, [&](Index begin, Index end) {
      PixelDiagonalRow diagonal(system->matrix().diagonal());
      for (Index row = begin; row < end; ++row) {
        diagonal.turn_to(row);
        for (Index c = 0; c < channels; ++c) {
          for (Index i = 0; i < grid.width; ++i) {
            y.row(c, row)[i] = factor * (y.row(c, row)[i] - diagonal.numbers()[i] * x.row(c, row)[i]);
          }
        }
      }
    });
    crop(workers, *system, product, channels, first, result);
  }
  if (pages != nullptr) {
    pages->give_back_pages();
  }
  return result;
}

ClosedFormSmoother::ClosedFormSmoother(const ImageView& content, const SmoothingOptions& options, Threads threads)
    : impl_(std::make_unique<Impl>(content, nullptr, options, threads)) {}
ClosedFormSmoother::ClosedFormSmoother(const ImageView& content, const ImageView& data_weights,
                                       const SmoothingOptions& options, Threads threads)
    : impl_(std::make_unique<Impl>(content, &data_weights, options, threads)) {}
ClosedFormSmoother::~ClosedFormSmoother() = default;
ClosedFormSmoother::ClosedFormSmoother(ClosedFormSmoother&&) noexcept = default;
ClosedFormSmoother& ClosedFormSmoother::operator=(ClosedFormSmoother&&) noexcept = default;

SmoothingResult ClosedFormSmoother::solve(const ImageView& stylized, Threads threads) const {
  return impl_->solve(stylized, {}, threads);
}

SmoothingResult ClosedFormSmoother::solve(const ImageView& stylized, const SolveOptions& options,
                                          Threads threads) const {
  return impl_->solve(stylized, options, threads);
}

Image ClosedFormSmoother::laplacian_product(const ImageView& image, Threads threads) const {
  return impl_->laplacian_product(image, threads);
}

SmoothingResult closed_form_smooth(const ImageView& stylized, const ImageView& content, const SmoothingOptions& options,
                                   Threads threads) {
  return ClosedFormSmoother(content, options, threads).solve(stylized, threads);
}

}  // namespace fastphoto
