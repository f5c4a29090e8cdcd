// SPDX-License-Identifier: Apache-2.0
//
// Pools statistics, and finds their barycentre in the space of Wasserstein.
#include "fastphoto/barycentre.h"

#include <cmath>
#include <string>
#include <utility>

#include "base/check.h"
#include "colour/product.h"
#include "colour/symmetric_eigen.h"

namespace fastphoto {

namespace {

/// The weights, summing to 1.
std::vector<double> shares(const std::vector<Statistics>& parts, const std::vector<double>& weights) {
  require(!parts.empty(), "expected one or more sets of statistics, got none");
  require(weights.size() == parts.size(), "expected a weight for each of the " + std::to_string(parts.size()) +
                                              " sets of statistics, got " + std::to_string(weights.size()));
  double sum = 0.0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    require_option(std::isfinite(weights[i]) && weights[i] >= 0.0, "a weight", weights[i], "0 or more");
    require(parts[i].channels() == parts[0].channels() && parts[i].channels() > 0,
            "all statistics must have the same number of channels, got " + std::to_string(parts[0].channels()) +
                " and " + std::to_string(parts[i].channels()));
    sum += weights[i];
  }
  require_option(std::isfinite(sum) && sum > 0.0, "the sum of the weights", sum, "positive");
  std::vector<double> result(weights);
  for (double& weight : result) {
    weight /= sum;
  }
  return result;
}

Vector mean_of(const std::vector<Statistics>& parts, const std::vector<double>& weights) {
  Vector mean = Vector::Zero(parts[0].channels());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    mean += weights[i] * parts[i].mean;
  }
  return mean;
}

double weight_of(const std::vector<Statistics>& parts, const std::vector<double>& weights) {
  double sum = 0.0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    sum += weights[i] * parts[i].weight;
  }
  return sum;
}

/// A root of a symmetric matrix and its inverse, by eigenvalues. Rounding may leave eigenvalues a little below 0.
struct Roots {
  Matrix root;
  Matrix inverse;
};

Roots roots_of(const Matrix& symmetric) {
  const auto [values, vectors, converged] = symmetric_eigen((symmetric + symmetric.transpose()) / 2.0);
  require(converged, "the eigenvalues of a covariance did not converge");
  const Vector root = values.array().max(0.0).sqrt();
  const Vector inverse = (root.array() > 0.0).select(1.0 / root.array(), 0.0);
  return {from_eigen(vectors, root), from_eigen(vectors, inverse)};
}

/// Without the parts that have no weight.
std::pair<std::vector<Statistics>, std::vector<double>> counted(const std::vector<Statistics>& parts,
                                                                const std::vector<double>& weights) {
  std::pair<std::vector<Statistics>, std::vector<double>> result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (weights[i] > 0.0) {
      result.first.push_back(parts[i]);
      result.second.push_back(weights[i]);
    }
  }
  return result;
}

}  // namespace

Statistics pooled_statistics(const std::vector<Statistics>& parts, const std::vector<double>& weights) {
  const std::vector<double> share = shares(parts, weights);
  const Vector mean = mean_of(parts, share);
  Matrix covariance = Matrix::Zero(mean.size(), mean.size());
  double weight = 0.0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Vector shift = parts[i].mean - mean;
    covariance += share[i] * (parts[i].covariance + shift * shift.transpose());
    weight += parts[i].weight;
  }
  return {mean, std::move(covariance), weight};
}

Statistics wasserstein_barycentre(const std::vector<Statistics>& all_parts, const std::vector<double>& weights,
                                  const BarycentreOptions& options) {
  require_option(std::isfinite(options.relative_ridge) && options.relative_ridge >= 0.0, "relative_ridge",
                 options.relative_ridge, "0 or more");
  require_option(options.tolerance > 0.0 && options.tolerance < 1.0, "tolerance", options.tolerance, "between 0 and 1");
  require_option(options.max_iterations >= 1, "max_iterations", options.max_iterations, "1 or more");
  const auto [parts, share] = counted(all_parts, shares(all_parts, weights));
  if (parts.size() == 1) {
    return parts.front();
  }
  const Index channels = parts[0].channels();
  Matrix current = Matrix::Zero(channels, channels);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    current += share[i] * parts[i].covariance;
  }
  const double ridge = options.relative_ridge * current.trace() / static_cast<double>(channels);
  if (current.trace() > 0.0) {
    current.diagonal().array() += ridge;
    for (int iteration = 0; iteration < options.max_iterations; ++iteration) {
      const auto [root, inverse] = roots_of(current);
      Matrix sum = Matrix::Zero(channels, channels);
      for (std::size_t i = 0; i < parts.size(); ++i) {
        Matrix covariance = parts[i].covariance;
        covariance.diagonal().array() += ridge;
        sum += share[i] * roots_of(product(product(root, covariance), root)).root;
      }
      const Matrix half = product(inverse, sum);
      const Matrix next = product(half, half.transpose());
      const double change = (next - current).norm() / current.norm();
      current = next;
      if (change <= options.tolerance) {
        break;
      }
    }
  }
  return {mean_of(parts, share), (current + current.transpose()) / 2.0, weight_of(parts, share)};
}

}  // namespace fastphoto
