// SPDX-License-Identifier: Apache-2.0
#include "fastphoto/closed_form_smoothing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/check.h"
#include "base/dispatch_channels.h"
#include "base/read_rows.h"
#include "fastphoto/error.h"
#include "matting/affinity.h"
#include "matting/window_offsets.h"
#include "multigrid/multigrid.h"
#include "solver/conjugate_gradient.h"
#include "solver/last_steps.h"
#include "solver/pixel_diagonal.h"
#include "solver/preconditioner.h"
#include "solver/stencil.h"

namespace fastphoto {

namespace {

// Below this, setting the levels up costs more than they save.
constexpr Index fewest_pixels = 64;

// Narrow portraits are solved lying on their side: what pads short rows, and those of the levels more than the pixels',
// is up to a fifth of all memory. In wider ones it is too little to read columns for, in tall ones these are slow to
// read: every sample lies in another page.
constexpr Index narrow = 1024;
constexpr Index tall = 4096;

// Multigrid needs some ten iterations; where it does not get there, the diagonal takes over.
constexpr int patience = 200;

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

}  // namespace

/// The system divided by |w|: with d = D / |w| and the data weights w, ((1 - alpha) d w + alpha L / |w|) u =
/// (1 - alpha) d w v, where v = d^(-1/2) Y and R = d^(1/2) u in the paper's system, v = Y and R = u in the one that
/// keeps constants.
struct ClosedFormSmoother::Impl {
  SmoothingOptions options;
  std::unique_ptr<PagePool> own_pages;  // none if the caller has made a pool current, or does not want one
  PagePool* pages;                      // what all large buffers below come from
  Index height = 0;                     // of the content, without padding
  Index width = 0;
  bool on_its_side = false;  // rows of all below are columns of the content
  Grid grid;                 // with padding
  // R / u and Y / v, and what b has of Y beside the data weights, are products of a number of the row and one of the
  // column, as d is.
  std::vector<float> row_roots;
  std::vector<float> column_roots;
  std::vector<float> row_data;
  std::vector<float> column_data;
  std::vector<float> weights;               // of the data, padded; empty = all one
  std::unique_ptr<StencilOperator> system;  // none if the content is smaller than a window
  std::unique_ptr<PixelDiagonal> bound;     // d (alpha + (1 - alpha) w), which bounds the system from above
  std::unique_ptr<Multigrid> multigrid;     // none if it does not apply

  Impl(const ImageView& content, const ImageView* data_weights, const SmoothingOptions& given, Threads threads);
  SmoothingResult solve(const ImageView& stylized, const SolveOptions& how, Threads threads) const;
  SolveReport solve_channels(Workers& workers, const ImageView& stylized, const SolveOptions& how,
                             SmoothingResult& result, Index first) const;
  void crop(Workers& workers, const Solution& u, Index channels, Index first, Image& image) const;

  /// Transposed where the system lies on its side.
  ImageView turned(const ImageView& view) const { return on_its_side ? transposed(view) : view; }

  double one_minus_alpha() const { return options.lam / (1.0 + options.lam); }
  double alpha() const { return 1.0 / (1.0 + options.lam); }
};

ClosedFormSmoother::Impl::Impl(const ImageView& content, const ImageView* data_weights, const SmoothingOptions& given,
                               Threads threads)
    : options(given),
      own_pages(given.page_pool && PagePool::current() == nullptr ? std::make_unique<PagePool>() : nullptr),
      pages(own_pages != nullptr ? own_pages.get() : PagePool::current()),
      height(content.height),
      width(content.width),
      on_its_side(width < height && width < narrow && height < tall) {
  const PagePool::Use use(pages);
  Workers workers(threads);
  require_smoothing_options(options);
  require_image(workers, content, "content", 3);
  if (data_weights != nullptr) {
    require_image(workers, *data_weights, "data_weights", 1);
    require_same_size(*data_weights, "data_weights", content, "content");
  }
  const Index padding = options.border_padding;
  const Index radius = options.radius;
  const ImageView guide = turned(content);
  grid = Grid{guide.height + 2 * padding, guide.width + 2 * padding, 2 * radius};
  if (data_weights != nullptr) {
    const ImageView turned_weights = turned(*data_weights);
    weights.resize(static_cast<std::size_t>(grid.height * grid.width));
    for (Index row = 0; row < grid.height; ++row) {
      read_padded_row(turned_weights, padding, 0, row, weights.data() + row * grid.width);
    }
    const auto [least, most] = std::minmax_element(weights.begin(), weights.end());
    require(*least >= 0.0F && *most > 0.0F, "data_weights must be 0 or more and somewhere positive, got " +
                                                number_text(static_cast<double>(*least)) + " to " +
                                                number_text(static_cast<double>(*most)));
  }
  if (grid.height < 2 * radius + 1 || grid.width < 2 * radius + 1) {
    return;
  }
  const std::vector<float> row_shares = window_shares(grid.height, radius);
  const std::vector<float> column_shares = window_shares(grid.width, radius);
  row_roots = options.normalized ? roots(row_shares) : std::vector<float>(row_shares.size(), 1.0F);
  column_roots = options.normalized ? roots(column_shares) : std::vector<float>(column_shares.size(), 1.0F);
  row_data = scaled(options.normalized ? row_roots : row_shares, static_cast<float>(one_minus_alpha()));
  column_data = options.normalized ? column_roots : column_shares;
  std::vector<float> bounds(weights);
  for (float& number : bounds) {
    number = static_cast<float>(alpha() + one_minus_alpha() * static_cast<double>(number));
  }
  bound = std::make_unique<PixelDiagonal>(row_shares, column_shares, std::move(bounds));

  Field<float> colors(Grid{grid.height, grid.width, 0}, 3, Lifetime::Long);
  workers.run(grid.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < 3; ++c) {
        read_padded_row(guide, padding, c, row, colors.row(c, row));
      }
    }
  });
  Field<float> coefficients(grid, static_cast<Index>(positive_offsets(radius).size()), Lifetime::Long);
  const auto window_size = static_cast<double>((2 * radius + 1) * (2 * radius + 1));
  assemble_affinity(workers, colors, {options.eps, options.radius}, alpha() / window_size, coefficients);
  system = std::make_unique<StencilOperator>(
      std::move(coefficients), radius,
      PixelDiagonal(scaled(row_shares, static_cast<float>(one_minus_alpha())), column_shares, weights));
  if (radius == 1 && grid.height * grid.width >= fewest_pixels) {
    multigrid = Multigrid::build(workers, std::move(colors), *system, options.eps);
  }
}

SmoothingResult ClosedFormSmoother::Impl::solve(const ImageView& stylized, const SolveOptions& how,
                                                Threads threads) const {
  const auto start = std::chrono::steady_clock::now();
  PagePool* const of_caller = PagePool::current();
  const PagePool::Use use(pages);
  Workers workers(threads);
  require_image(workers, stylized, "stylized", 0);
  require(stylized.height == height && stylized.width == width,
          "stylized and content must have the same height and width, got " + shape_text(stylized) + " and " +
              std::to_string(height) + " x " + std::to_string(width) + " x 3");
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
  if (system == nullptr) {
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
  const ImageView wanted = turned(stylized);
  const auto b = [&](Index c, Index row, float* out) {
    read_padded_row(wanted, options.border_padding, first + c, row, out);
    const float of_row = row_data[static_cast<std::size_t>(row)];
    for (Index i = 0; i < grid.width; ++i) {
      out[i] *= of_row * column_data[static_cast<std::size_t>(i)];
    }
    for (Index i = 0; !weights.empty() && i < grid.width; ++i) {
      out[i] *= weights[static_cast<std::size_t>(row * grid.width + i)];
    }
  };
  const ImageView guess = how.initial != nullptr ? turned(*how.initial) : wanted;
  const StencilOperator::FillRow start = [&](Index c, Index row, float* out) {
    read_padded_row(guess, options.border_padding, first + c, row, out);
    const float of_row = row_roots[static_cast<std::size_t>(row)];
    for (Index i = 0; i < grid.width; ++i) {
      out[i] /= of_row * column_roots[static_cast<std::size_t>(i)];
    }
  };

  SolveLimits limits{how.rtol.value_or(options.rtol), options.max_iterations, how.progress};
  // R = Y solves the system where Y is affine in the content's colour; elsewhere L Y is large and zero is a better
  // start.
  limits.zero_if_closer = how.initial == nullptr;
  Solution u;
  SolveReport report;
  if (multigrid != nullptr) {
    MultigridPreconditioner preconditioner(*system, *multigrid, *bound, channels);
    LastSteps last_steps(*system, *bound, channels);
    limits.max_iterations = std::min(options.max_iterations, patience);
    report = conjugate_gradient(workers, *system, preconditioner, &last_steps, channels, b, start, limits, u);
    limits.max_iterations = options.max_iterations - report.iterations;
    result.info.preconditioner =
        report.iterations > 0 ? SmoothingPreconditioner::Multigrid : SmoothingPreconditioner::None;
  }
  if (!report.cancelled && !report.converged && (limits.max_iterations > 0 || multigrid == nullptr)) {
    DiagonalPreconditioner preconditioner(*bound);
    const int done = report.iterations;
    limits.progress = [&](int iteration, double residual) {
      return !how.progress || how.progress(done + iteration, residual);
    };
    const bool fresh = !u.sum && !u.single;  // multigrid has left nothing
    report =
        conjugate_gradient(workers, *system, preconditioner, nullptr, channels, b, fresh ? start : nullptr, limits, u);
    if (report.iterations > 0) {
      result.info.preconditioner = SmoothingPreconditioner::Diagonal;
    }
    report.iterations += done;
  }
  if (pages != nullptr) {
    pages->give_back_pages();  // before the result takes its own
  }
  if (report.cancelled) {
    throw Error(ErrorKind::Cancelled,
                "smoothing was cancelled after " + std::to_string(report.iterations) + " iterations");
  }
  crop(workers, u, channels, first, result.image);
  return report;
}

/// R from u, without the padding.
void ClosedFormSmoother::Impl::crop(Workers& workers, const Solution& u, Index channels, Index first,
                                    Image& image) const {
  const Index padding = options.border_padding;
  const Index row_step = image.channels() * (on_its_side ? 1 : width);
  const Index pixel_step = image.channels() * (on_its_side ? width : 1);
  const std::vector<float> zeros(static_cast<std::size_t>(grid.width));
  workers.run(grid.height - 2 * padding, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < channels; ++c) {
        float* to = image.data() + row * row_step + first + c;
        const float of_row = row_roots[static_cast<std::size_t>(row + padding)];
        const auto fill = [&](const auto* from) {
          for (Index i = 0; i < grid.width - 2 * padding; ++i) {
            const auto root = static_cast<double>(of_row * column_roots[static_cast<std::size_t>(i + padding)]);
            to[i * pixel_step] = static_cast<float>(root * static_cast<double>(from[i + padding]));
          }
        };
        if (u.sum) {
          fill(u.sum->row(c, row + padding));
        } else if (u.single) {
          fill(u.single->row(c, row + padding));
        } else {
          fill(zeros.data());
        }
      }
    }
  });
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

SmoothingResult closed_form_smooth(const ImageView& stylized, const ImageView& content, const SmoothingOptions& options,
                                   Threads threads) {
  return ClosedFormSmoother(content, options, threads).solve(stylized, threads);
}

}  // namespace fastphoto
