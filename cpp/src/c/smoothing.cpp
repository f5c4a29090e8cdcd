// SPDX-License-Identifier: Apache-2.0
//
// C API: closed-form smoothing and the filters on float32 images.
#include <algorithm>
#include <memory>
#include <optional>

#include "c/calls.h"
#include "c/views.h"
#include "fastphoto/closed_form_smoothing.h"
#include "fastphoto/guided_filter.h"
#include "fastphoto/local_affine_filter.h"

using namespace fastphoto;     // NOLINT(google-build-using-namespace): this file defines functions of C
using namespace fastphoto::c;  // NOLINT(google-build-using-namespace)

struct fastphoto_smoother {
  ClosedFormSmoother smoother;
};

namespace {

fastphoto_smoothing_options default_smoothing_options() {
  const SmoothingOptions defaults;
  fastphoto_smoothing_options options = {};
  options.struct_size = sizeof options;
  options.lam = defaults.lam;
  options.eps = defaults.eps;
  options.rtol = defaults.rtol;
  options.radius = defaults.radius;
  options.max_iterations = defaults.max_iterations;
  options.border_padding = defaults.border_padding;
  options.normalized = defaults.normalized ? 1 : 0;
  options.page_pool = defaults.page_pool ? 1 : 0;
  options.threads = all_threads;
  return options;
}

SmoothingOptions smoothing_options(const fastphoto_smoothing_options& given) {
  SmoothingOptions options;
  options.lam = given.lam;
  options.eps = given.eps;
  options.rtol = given.rtol;
  options.radius = given.radius;
  options.max_iterations = given.max_iterations;
  options.border_padding = given.border_padding;
  options.normalized = given.normalized != 0;
  options.page_pool = given.page_pool != 0;
  return options;
}

fastphoto_solve_options default_solve_options() {
  fastphoto_solve_options options = {};
  options.struct_size = sizeof options;
  options.threads = all_threads;
  return options;
}

fastphoto_guided_filter_options default_guided_filter_options() {
  const GuidedFilterOptions defaults;
  fastphoto_guided_filter_options options = {};
  options.struct_size = sizeof options;
  options.radius = defaults.radius;
  options.eps = defaults.eps;
  options.threads = all_threads;
  return options;
}

fastphoto_local_affine_options default_local_affine_options() {
  const LocalAffineOptions defaults;
  fastphoto_local_affine_options options = {};
  options.struct_size = sizeof options;
  options.radius = defaults.radius;
  options.range_sigma = defaults.range_sigma;
  options.ridge = defaults.ridge;
  options.threads = all_threads;
  return options;
}

/// Checks the caller's memory before any work is done.
void expect_room(const ImageView& like, const float* result, std::size_t samples) {
  expect_given(result, "result");
  const auto needed = static_cast<std::size_t>(like.pixels() * like.channels);
  expect(samples == needed,
         "found room for " + std::to_string(samples) + " samples in result; expected " + std::to_string(needed));
}

/// Checks the caller's struct before any work is done.
void expect_info(const fastphoto_solver_info* info) {
  if (info != nullptr) {
    expect_size<fastphoto_solver_info>(info->struct_size, "fastphoto_solver_info");
  }
}

void copy_out(const Image& image, float* result) {
  std::copy_n(image.data(), image.view().pixels() * image.channels(), result);
}

void write_info(const SmoothingInfo& solved, fastphoto_solver_info* info) {
  if (info == nullptr) {
    return;
  }
  fastphoto_solver_info results = {};
  results.iterations = solved.iterations;
  results.converged = solved.converged ? 1 : 0;
  results.residual = solved.residual;
  results.seconds = solved.seconds;
  results.preconditioner = static_cast<int>(solved.preconditioner);
  write_struct(info, "fastphoto_solver_info", results);
}

}  // namespace

fastphoto_status fastphoto_solver_info_init(fastphoto_solver_info* info, size_t struct_size) {
  return initialise(info, struct_size, "fastphoto_solver_info", {});
}

fastphoto_status fastphoto_smoothing_options_init(fastphoto_smoothing_options* options, size_t struct_size) {
  return initialise(options, struct_size, "fastphoto_smoothing_options", default_smoothing_options());
}

fastphoto_status fastphoto_solve_options_init(fastphoto_solve_options* options, size_t struct_size) {
  return initialise(options, struct_size, "fastphoto_solve_options", default_solve_options());
}

fastphoto_status fastphoto_guided_filter_options_init(fastphoto_guided_filter_options* options, size_t struct_size) {
  return initialise(options, struct_size, "fastphoto_guided_filter_options", default_guided_filter_options());
}

fastphoto_status fastphoto_local_affine_options_init(fastphoto_local_affine_options* options, size_t struct_size) {
  return initialise(options, struct_size, "fastphoto_local_affine_options", default_local_affine_options());
}

fastphoto_status fastphoto_smoother_open(const fastphoto_image* content, const fastphoto_image* data_weights,
                                         const fastphoto_smoothing_options* options, fastphoto_smoother** smoother) {
  return guarded_make(smoother, "smoother", [&] {
    const auto given = read_options(options, "fastphoto_smoothing_options", default_smoothing_options());
    const CallThreads threads(given.threads, given.pool);
    const ImageView photo = read_view(content, "content");
    if (data_weights == nullptr) {
      return std::make_unique<fastphoto_smoother>(
          fastphoto_smoother{ClosedFormSmoother(photo, smoothing_options(given), threads.get())});
    }
    return std::make_unique<fastphoto_smoother>(fastphoto_smoother{
        ClosedFormSmoother(photo, read_view(data_weights, "data_weights"), smoothing_options(given), threads.get())});
  });
}

fastphoto_status fastphoto_smoother_solve(const fastphoto_smoother* smoother, const fastphoto_image* stylized,
                                          const fastphoto_solve_options* options, float* result, size_t samples,
                                          fastphoto_solver_info* info) {
  return guarded([&] {
    expect_given(smoother, "smoother");
    const auto given = read_options(options, "fastphoto_solve_options", default_solve_options());
    const CallThreads threads(given.threads, given.pool);
    const ImageView image = read_view(stylized, "stylized");
    expect_room(image, result, samples);
    expect_info(info);
    SolveOptions solve;
    if (given.rtol != 0.0) {
      solve.rtol = given.rtol;
    }
    std::optional<ImageView> initial;
    if (given.initial != nullptr) {
      solve.initial = &initial.emplace(read_view(given.initial, "initial"));
    }
    if (given.progress != nullptr) {
      solve.progress = [&given](int iteration, double residual) {
        return given.progress(given.progress_user, iteration, residual) != 0;
      };
    }
    const SmoothingResult smooth = smoother->smoother.solve(image, solve, threads.get());
    copy_out(smooth.image, result);
    write_info(smooth.info, info);
  });
}

// NOLINTNEXTLINE(misc-const-correctness): who frees a handle owns it
void fastphoto_smoother_free(fastphoto_smoother* smoother) { delete smoother; }

fastphoto_status fastphoto_closed_form_smooth(const fastphoto_image* stylized, const fastphoto_image* content,
                                              const fastphoto_smoothing_options* options, float* result, size_t samples,
                                              fastphoto_solver_info* info) {
  return guarded([&] {
    const auto given = read_options(options, "fastphoto_smoothing_options", default_smoothing_options());
    const CallThreads threads(given.threads, given.pool);
    const ImageView image = read_view(stylized, "stylized");
    expect_room(image, result, samples);
    expect_info(info);
    const SmoothingResult smooth =
        closed_form_smooth(image, read_view(content, "content"), smoothing_options(given), threads.get());
    copy_out(smooth.image, result);
    write_info(smooth.info, info);
  });
}

fastphoto_status fastphoto_guided_filter(const fastphoto_image* guide, const fastphoto_image* source,
                                         const fastphoto_guided_filter_options* options, float* result,
                                         size_t samples) {
  return guarded([&] {
    const auto given = read_options(options, "fastphoto_guided_filter_options", default_guided_filter_options());
    const CallThreads threads(given.threads, given.pool);
    const ImageView guide_image = read_view(guide, "guide");
    const ImageView image = read_view(source, "source");
    expect_room(image, result, samples);
    GuidedFilterOptions filter;
    filter.radius = given.radius;
    filter.eps = given.eps;
    copy_out(guided_filter(guide_image, image, filter, threads.get()), result);
  });
}

fastphoto_status fastphoto_local_affine_filter(const fastphoto_image* stylized, const fastphoto_image* content,
                                               const fastphoto_local_affine_options* options, float* result,
                                               size_t samples) {
  return guarded([&] {
    const auto given = read_options(options, "fastphoto_local_affine_options", default_local_affine_options());
    const CallThreads threads(given.threads, given.pool);
    const ImageView image = read_view(stylized, "stylized");
    expect_room(image, result, samples);
    LocalAffineOptions filter;
    filter.radius = given.radius;
    filter.range_sigma = given.range_sigma;
    filter.ridge = given.ridge;
    copy_out(local_affine_filter(image, read_view(content, "content"), filter, threads.get()), result);
  });
}
