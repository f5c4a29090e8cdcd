// SPDX-License-Identifier: Apache-2.0
//
// Maps between feature statistics: whitening-colouring and Monge-Kantorovich.
#include "fastphoto/transform.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/cholesky.h"
#include "base/multiversion.h"
#include "base/read_rows.h"
#include "colour/product.h"
#include "colour/symmetric_eigen.h"

namespace fastphoto {

namespace {

constexpr Index block = 512;  // pixels transformed together

/// Sigma + ridge Id in its eigenvectors, without the directions whose eigenvalue is below the cut.
struct Spectrum {
  Matrix vectors;  // C x k, k <= C
  Vector values;   // k

  /// Sigma^power on the kept directions, zero on the others.
  Matrix power(double exponent) const { return from_eigen(vectors, values.array().pow(exponent)); }
};

/// Symmetric to the last bit.
Matrix with_ridge(const Matrix& symmetric, double ridge) {
  Matrix matrix = (symmetric + symmetric.transpose()) / 2.0;
  matrix.diagonal().array() += ridge;
  return matrix;
}

Spectrum decompose(const Matrix& symmetric, double ridge, double cut, const char* name) {
  const auto [values, vectors, converged] = symmetric_eigen(with_ridge(symmetric, ridge));
  require(converged, std::string("the eigenvalues of ") + name + "'s covariance did not converge");
  // A cut of zero still drops what is not positive: it has no inverse root.
  const auto kept = std::count_if(values.begin(), values.end(), [&](double v) { return v > 0.0 && v >= cut; });
  return {vectors.rightCols(kept), values.tail(kept)};
}

/// Sigma + ridge Id without the directions whose eigenvalue is below the cut: there are none if the ridge is not.
Matrix without_cut(const Matrix& symmetric, double ridge, double cut, const char* name) {
  return ridge < cut ? decompose(symmetric, ridge, cut, name).power(1.0) : with_ridge(symmetric, ridge);
}

Matrix square_root(const Matrix& positive_semidefinite) {
  return decompose(positive_semidefinite, 0.0, 0.0, "").power(0.5);
}

void require_transform_inputs(const Statistics& content, const Statistics& style, const TransformOptions& options) {
  require(content.channels() > 0 && style.channels() > 0, "content and style must have at least one channel");
  require(content.channels() == style.channels(), "content and style must have the same number of channels, got " +
                                                      std::to_string(content.channels()) + " and " +
                                                      std::to_string(style.channels()));
  require_option(std::isfinite(options.content_ridge) && options.content_ridge >= 0.0, "content_ridge",
                 options.content_ridge, "0 or more");
  require_option(std::isfinite(options.style_ridge) && options.style_ridge >= 0.0, "style_ridge", options.style_ridge,
                 "0 or more");
  require_option(std::isfinite(options.eigenvalue_cut) && options.eigenvalue_cut >= 0.0, "eigenvalue_cut",
                 options.eigenvalue_cut, "0 or more");
  require_option(options.strength >= 0.0 && options.strength <= 1.0, "strength", options.strength, "between 0 and 1");
}

/// f' = t (T (f - mu_c) + mu_s) + (1 - t) f as one affine map; t = 0 gives the identity exactly.
AffineTransform blend(const Matrix& T, const Statistics& content, const Statistics& style, double strength) {
  Matrix matrix = strength * T;
  matrix.diagonal().array() += 1.0 - strength;
  Vector offset = strength * (style.mean - T * content.mean);
  return {std::move(matrix), std::move(offset)};
}

FASTPHOTO_MULTIVERSION void add_scaled(double factor, const float* values, Index count, double* sums) {
  for (Index i = 0; i < count; ++i) {
    sums[i] += factor * static_cast<double>(values[i]);
  }
}

}  // namespace

AffineTransform::AffineTransform(Matrix matrix_in, Vector offset_in)
    : matrix(std::move(matrix_in)), offset(std::move(offset_in)) {
  const Index size = offset.size();
  require(size > 0, "offset is empty; expected one number per channel");
  require(matrix.rows() == size && matrix.cols() == size,
          "matrix must be " + std::to_string(size) + " x " + std::to_string(size) + " for the " + std::to_string(size) +
              " entries of offset, got " + std::to_string(matrix.rows()) + " x " + std::to_string(matrix.cols()));
  require(matrix.allFinite(), "matrix holds NaN or infinity; every number must be finite");
  require(offset.allFinite(), "offset holds NaN or infinity; every number must be finite");
}

Image AffineTransform::apply(const FeatureView& features, Threads threads) const {
  Workers workers(threads);
  require(features.channels == channels(), "features must have the transform's " + std::to_string(channels()) +
                                               " channels, got " + std::to_string(features.channels));
  require_image(workers, features, "features", 0);
  const Index pixels = features.pixels();
  Image out(features.height, features.width, channels(), Layout::Planar);
  workers.run(pixels, block, [&](Index begin, Index end) {
    const Index count = end - begin;
    std::vector<float> values(static_cast<std::size_t>(channels() * count));
    for (Index c = 0; c < channels(); ++c) {
      read_samples(features, c, begin, end, values.data() + c * count);
    }
    std::vector<double> sums(static_cast<std::size_t>(count));
    for (Index c = 0; c < channels(); ++c) {
      std::fill(sums.begin(), sums.end(), offset[c]);
      for (Index from = 0; from < channels(); ++from) {
        add_scaled(matrix(c, from), values.data() + from * count, count, sums.data());
      }
      std::transform(sums.begin(), sums.end(), out.data() + c * pixels + begin,
                     [](double v) { return static_cast<float>(v); });
    }
  });
  return out;
}

AffineTransform whitening_coloring(const Statistics& content, const Statistics& style,
                                   const TransformOptions& options) {
  require_transform_inputs(content, style, options);
  const Spectrum from = decompose(content.covariance, options.content_ridge, options.eigenvalue_cut, "content");
  const Spectrum to = decompose(style.covariance, options.style_ridge, options.eigenvalue_cut, "style");
  return blend(product(to.power(0.5), from.power(-0.5)), content, style, options.strength);
}

AffineTransform monge_kantorovich(const Statistics& content, const Statistics& style, const TransformOptions& options) {
  require_transform_inputs(content, style, options);
  const Matrix to = without_cut(style.covariance, options.style_ridge, options.eigenvalue_cut, "style");
  if (options.content_ridge > 0.0 && options.content_ridge >= options.eigenvalue_cut) {
    // No direction is cut. T is unique, and by the factor of Sigma + ridge Id = L L^T it takes one root only.
    const Matrix from = with_ridge(content.covariance, options.content_ridge);
    if (const std::optional<Cholesky> factor = Cholesky::of(from)) {
      const Matrix root = square_root(product(product(factor->lower().transpose(), to), factor->lower()));
      const Matrix T = factor->solve_transposed(factor->solve_transposed(root).transpose());
      return blend((T + T.transpose()) / 2.0, content, style, options.strength);
    }
  }
  const Spectrum from = decompose(content.covariance, options.content_ridge, options.eigenvalue_cut, "content");
  const Matrix root = from.power(0.5);
  const Matrix inverse_root = from.power(-0.5);
  const Matrix T = product(product(inverse_root, square_root(product(product(root, to), root))), inverse_root);
  return blend((T + T.transpose()) / 2.0, content, style, options.strength);
}

}  // namespace fastphoto
