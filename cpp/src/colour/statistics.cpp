// SPDX-License-Identifier: Apache-2.0
//
// Means and covariances of features, for each label.
#include "fastphoto/statistics.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/dot.h"
#include "base/read_rows.h"

namespace fastphoto {

namespace {

/// Pixels whose centred features are held at a time: about 2 MB, and a function of C alone.
Index block_size(Index channels) { return std::clamp<Index>(262144 / channels, 256, 16384); }

constexpr Index band = 4;  // rows of the covariance computed together, so that each feature read serves several

FASTPHOTO_MULTIVERSION double weighted_sum(const float* values, const float* weights, Index count) {
  return sum_in_lanes(count, [&](Index i) { return static_cast<double>(values[i]) * static_cast<double>(weights[i]); });
}

/// values - mean, times the root of the weight: the covariance is then a plain sum of products.
FASTPHOTO_MULTIVERSION void center(const float* values, const double* root_weights, double mean, Index count,
                                   double* out) {
  for (Index i = 0; i < count; ++i) {
    out[i] = (static_cast<double>(values[i]) - mean) * root_weights[i];
  }
}

/// sums[j] += a_j . b for `band` rows a_j that lie `stride` apart.
FASTPHOTO_MULTIVERSION void add_products(const double* a, Index stride, const double* b, Index count, double* sums) {
  constexpr Index lanes = 8;
  double partial[band][lanes] = {};
  Index i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (Index j = 0; j < band; ++j) {
      for (Index k = 0; k < lanes; ++k) {
        partial[j][k] += a[j * stride + i + k] * b[i + k];
      }
    }
  }
  for (Index j = 0; j < band; ++j) {
    double sum = 0.0;
    for (Index k = 0; k < lanes; ++k) {
      sum += partial[j][k];
    }
    for (Index rest = i; rest < count; ++rest) {
      sum += a[j * stride + rest] * b[rest];
    }
    sums[j] += sum;
  }
}

std::vector<float> read_weights(const ImageView& weights, Index pixels) {
  std::vector<float> values(static_cast<std::size_t>(pixels), 1.0F);
  if (weights.data != nullptr) {
    read_samples(weights, 0, 0, pixels, values.data());
    const float least = *std::min_element(values.begin(), values.end());
    require(least >= 0.0F, "weights must not be negative, got " + number_text(static_cast<double>(least)));
  }
  return values;
}

}  // namespace

Statistics::Statistics(Vector mean_in, Matrix covariance_in, double weight_in)
    : mean(std::move(mean_in)), covariance(std::move(covariance_in)), weight(weight_in) {
  const Index size = mean.size();
  require(size > 0, "mean is empty; expected one number per channel");
  require(covariance.rows() == size && covariance.cols() == size,
          "covariance must be " + std::to_string(size) + " x " + std::to_string(size) + " for the " +
              std::to_string(size) + " entries of mean, got " + std::to_string(covariance.rows()) + " x " +
              std::to_string(covariance.cols()));
  require(mean.allFinite(), "mean holds NaN or infinity; every number must be finite");
  require(covariance.allFinite(), "covariance holds NaN or infinity; every number must be finite");
  const double asymmetry = (covariance - covariance.transpose()).cwiseAbs().maxCoeff();
  require(asymmetry <= 1e-6 * covariance.cwiseAbs().maxCoeff(),
          "covariance must be symmetric; entries differ from their mirror images by up to " + number_text(asymmetry));
  const double least = covariance.diagonal().minCoeff();
  require(least >= 0.0, "covariance must have no negative number on its diagonal, got " + number_text(least));
  require_option(std::isfinite(weight) && weight > 0.0, "weight", weight, "positive");
}

Statistics mean_and_covariance(const FeatureView& features, const ImageView& weights, Threads threads) {
  Workers workers(threads);
  require_image(workers, features, "features", 0);
  if (weights.data != nullptr) {
    require_image(workers, weights, "weights", 1);
    require_same_size(weights, "weights", features, "features");
  }
  const Index channels = features.channels;
  const Index pixels = features.pixels();
  const Index block = block_size(channels);
  const std::vector<float> pixel_weights = read_weights(weights, pixels);
  const std::vector<float> ones(static_cast<std::size_t>(block), 1.0F);

  double weight = 0.0;
  for (Index begin = 0; begin < pixels; begin += block) {
    weight += weighted_sum(ones.data(), pixel_weights.data() + begin, std::min(block, pixels - begin));
  }
  require(weight > 0.0, "weights sum to 0; at least one must be positive");

  // First pass: the mean.
  Vector mean(channels);
  workers.run(channels, 1, [&](Index c, Index) {
    std::vector<float> values(static_cast<std::size_t>(block));
    double sum = 0.0;
    for (Index begin = 0; begin < pixels; begin += block) {
      const Index end = std::min(pixels, begin + block);
      read_samples(features, c, begin, end, values.data());
      sum += weighted_sum(values.data(), pixel_weights.data() + begin, end - begin);
    }
    mean[c] = sum / weight;
  });

  // Second pass: products of centred features, block by block; threads share the rows of the covariance.
  const Index bands = (channels + band - 1) / band;
  Matrix sums = Matrix::Zero(bands * band, channels);
  std::vector<double> centred(static_cast<std::size_t>(bands * band * block));  // rows beyond C stay zero
  std::vector<double> root_weights(static_cast<std::size_t>(block));
  for (Index begin = 0; begin < pixels; begin += block) {
    const Index count = std::min(block, pixels - begin);
    std::transform(pixel_weights.begin() + begin, pixel_weights.begin() + begin + count, root_weights.begin(),
                   [](float w) { return std::sqrt(static_cast<double>(w)); });
    workers.run(channels, 1, [&](Index c, Index) {
      std::vector<float> values(static_cast<std::size_t>(count));
      read_samples(features, c, begin, begin + count, values.data());
      center(values.data(), root_weights.data(), mean[c], count, centred.data() + c * block);
    });
    workers.run(bands, 1, [&](Index at, Index) {
      const double* rows = centred.data() + at * band * block;
      for (Index c = 0; c <= std::min(channels - 1, at * band + band - 1); ++c) {  // lower triangle
        double partial[band] = {};
        add_products(rows, block, centred.data() + c * block, count, partial);
        for (Index j = 0; j < band; ++j) {
          sums(at * band + j, c) += partial[j];
        }
      }
    });
  }

  Matrix covariance = sums.topRows(channels) / weight;
  for (Index i = 0; i < channels; ++i) {
    for (Index j = i + 1; j < channels; ++j) {
      covariance(i, j) = covariance(j, i);
    }
  }
  return {std::move(mean), std::move(covariance), weight};
}

}  // namespace fastphoto
