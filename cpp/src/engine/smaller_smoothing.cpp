// SPDX-License-Identifier: Apache-2.0
//
// Solves for a smaller photo with weights that suit it, and corrects the solution by what half the size gets wrong.
#include "engine/smaller_smoothing.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/multiversion.h"
#include "base/parallel.h"
#include "fastphoto/local_affine_maps.h"
#include "fastphoto/resample.h"

namespace fastphoto {

namespace {

// lam grows by this power of the ratio, eps by that: fitted to exact solutions of photos of 4 MP, at a half, a third
// and a fourth of their sides.
constexpr double lam_power = 2.8;
constexpr double eps_power = 2.4;
// The part of what half the size gets wrong that the whole size gets wrong as well.
constexpr double carried_over = 0.5;
// What is left of the error then, gamut and detail included, as a share of what half the size gets wrong.
constexpr double share_left = 0.65;
// The error of the method is many times that of a solve that ends earlier.
constexpr double rtol = 3e-3;

SmoothingOptions scaled(const SmoothingOptions& options, double ratio) {
  SmoothingOptions result = options;
  result.lam *= std::pow(ratio, lam_power);
  result.eps *= std::pow(ratio, eps_power);
  return result;
}

Image halved(const ImageView& photo, Threads threads) {
  return resize(photo, std::max<Index>(1, (photo.height + 1) / 2), std::max<Index>(1, (photo.width + 1) / 2), threads);
}

/// solution -= share (carried - solution); returns the sum of |carried - solution|.
FASTPHOTO_MULTIVERSION double correct_row(const float* carried, float share, Index count, float* solution) {
  float sum = 0.0F;
  for (Index i = 0; i < count; ++i) {
    const float wrong = carried[i] - solution[i];
    sum += wrong < 0.0F ? -wrong : wrong;
    solution[i] -= share * wrong;
  }
  return static_cast<double>(sum);
}

}  // namespace

Size smoothing_size(Size photo, double most_pixels, double hardly_larger) {
  const double pixels = static_cast<double>(photo.height) * static_cast<double>(photo.width);
  if (pixels <= hardly_larger * most_pixels) {
    return photo;
  }
  const double scale = std::sqrt(most_pixels / pixels);
  const auto reduced = [scale](Index side) {
    return std::max<Index>(1, static_cast<Index>(std::nearbyint(static_cast<double>(side) * scale)));
  };
  return {reduced(photo.height), reduced(photo.width)};
}

SmallerSmoothing smooth_smaller(const ImageView& content, const ImageView& stylized, double ratio,
                                const SmoothingOptions& options, const SolveOptions& solve, Threads threads) {
  SmoothingOptions whole = scaled(options, ratio);
  if (ratio > 1.0) {
    whole.rtol = std::max(whole.rtol, rtol);
  }
  SmoothingResult solved = ClosedFormSmoother(content, whole, threads).solve(stylized, solve, threads);
  SmallerSmoothing result{std::move(solved.image), solved.info, 0.0};
  if (ratio <= 1.0) {
    return result;
  }
  const Image small_content = halved(content, threads);
  const Image small_stylized = halved(stylized, threads);
  SmoothingOptions half = scaled(options, 2.0 * ratio);
  half.rtol = whole.rtol;
  const SmoothingResult small =
      ClosedFormSmoother(small_content.view(), half, threads).solve(small_stylized.view(), threads);
  const Image maps = fit_local_affine_maps(small_content.view(), small.image.view(), {}, threads);
  const Image carried = apply_local_affine_maps(maps.view(), content, threads);

  const Index row_size = 3 * content.width;
  std::vector<double> sums(static_cast<std::size_t>(content.height));
  Workers workers(threads);
  workers.run(content.height, rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      sums[static_cast<std::size_t>(row)] =
          correct_row(carried.data() + row * row_size, static_cast<float>(carried_over), row_size,
                      result.smoothed.data() + row * row_size);
    }
  });
  double wrong = 0.0;
  for (const double sum : sums) {
    wrong += sum;
  }
  result.expected_error = share_left * wrong / static_cast<double>(content.height * row_size);
  return result;
}

}  // namespace fastphoto
