// SPDX-License-Identifier: Apache-2.0
//
// The affine map of colours that moves luma first, and then chroma given luma.
#include "fastphoto/knothe_rosenblatt.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/check.h"
#include "colour/symmetric_eigen.h"

namespace fastphoto {

namespace {

/// Orthonormal coordinates of R, G, B: luma (along grey), then chroma (red to blue, magenta to green).
Eigen::Matrix3d luma_chroma() {
  Eigen::Matrix3d axes;
  axes << 1, 1, 1, 1, 0, -1, -1, 2, -1;
  return axes.rowwise().normalized();
}

/// Colours of a photo in these coordinates.
struct Colours {
  Eigen::Vector3d mean;
  double luma_variance;
  Eigen::Vector2d slope;   // the regression of chroma on luma
  Eigen::Matrix2d rest;    // the covariance of chroma at equal luma
  double chroma_variance;  // trace of the covariance of chroma, without a ridge
};

Colours colours_of(const Statistics& statistics, double ridge) {
  const Eigen::Matrix3d axes = luma_chroma();
  Eigen::Matrix3d covariance = axes * statistics.covariance * axes.transpose();
  Colours colours;
  colours.mean = axes * statistics.mean;
  colours.chroma_variance = covariance(1, 1) + covariance(2, 2);
  covariance.diagonal().array() += ridge;
  colours.luma_variance = covariance(0, 0);
  colours.slope.setZero();
  if (colours.luma_variance > 0.0) {
    colours.slope = covariance.block<2, 1>(1, 0) / colours.luma_variance;
  }
  colours.rest =
      covariance.bottomRightCorner<2, 2>() - colours.luma_variance * colours.slope * colours.slope.transpose();
  return colours;
}

/// The map of chroma at equal luma, of limited gain.
struct Gain {
  Eigen::Matrix2d matrix;
  double excess;  // by what share the largest gain was above the limit
};

Gain gain_of(const Colours& content, const Colours& style, double limit) {
  // Not by the constructor of Statistics: rounding may leave a variance of -1e-20, which the map takes as none.
  Statistics from;
  from.mean = Vector::Zero(2);
  from.covariance = content.rest;
  Statistics to = from;
  to.covariance = style.rest;
  Gain gain;
  gain.matrix = monge_kantorovich(from, to, {0.0, 0.0, 0.0, 1.0}).matrix;
  // Symmetric and positive semidefinite: its singular values are its eigenvalues.
  const SymmetricEigen eigen = symmetric_eigen(gain.matrix);
  const double largest = eigen.values[1];
  gain.excess = std::max(0.0, largest / limit - 1.0);
  if (gain.excess > 0.0) {
    const Eigen::Vector2d limited = eigen.values.cwiseMin(limit);
    const Eigen::Matrix2d vectors = eigen.vectors;
    gain.matrix = vectors * limited.asDiagonal() * vectors.transpose();
  }
  return gain;
}

Eigen::Vector2d chroma_shift(const Colours& content, const Colours& style) {
  return (style.mean - content.mean).tail<2>();
}

/// How much of the shift between the mean chromas is left.
double share_kept(const Eigen::Vector2d& shift, const Colours& style, double excess) {
  const double size = shift.squaredNorm();
  return size > 0.0 ? size / (size + excess * style.chroma_variance) : 1.0;
}

void require_colours(const Statistics& statistics, const char* name) {
  require(statistics.channels() == 3,
          std::string(name) + " must have the 3 channels R, G, B, got " + std::to_string(statistics.channels()));
}

void require_inputs(const Statistics& content, const Statistics& style, const KnotheRosenblattOptions& options) {
  require_colours(content, "content");
  require_colours(style, "style");
  require_option(std::isfinite(options.content_ridge) && options.content_ridge >= 0.0, "content_ridge",
                 options.content_ridge, "0 or more");
  require_option(std::isfinite(options.style_ridge) && options.style_ridge >= 0.0, "style_ridge", options.style_ridge,
                 "0 or more");
  require_option(options.max_gain >= 1.0, "max_gain", options.max_gain, "1 or more");
  require_option(std::isfinite(options.least_shift) && options.least_shift > 0.0, "least_shift", options.least_shift,
                 "positive");
  require_option(options.strength >= 0.0 && options.strength <= 1.0, "strength", options.strength, "between 0 and 1");
}

}  // namespace

AffineTransform knothe_rosenblatt(const Statistics& content, const Statistics& style,
                                  const KnotheRosenblattOptions& options) {
  require_inputs(content, style, options);
  const Colours from = colours_of(content, options.content_ridge);
  const Colours to = colours_of(style, options.style_ridge);
  const double contrast = from.luma_variance > 0.0 ? std::sqrt(to.luma_variance / from.luma_variance) : 0.0;
  const Gain gain = gain_of(from, to, options.max_gain);

  Eigen::Matrix3d map = Eigen::Matrix3d::Zero();
  map(0, 0) = contrast;
  map.block<2, 1>(1, 0) = to.slope * contrast - gain.matrix * from.slope;
  map.bottomRightCorner<2, 2>() = gain.matrix;
  Eigen::Vector3d shift = to.mean - from.mean;
  shift.tail<2>() *= share_kept(chroma_shift(from, to), to, gain.excess);

  const Eigen::Matrix3d axes = luma_chroma();
  const double strength = options.strength;
  Matrix matrix = strength * (axes.transpose() * map * axes);
  matrix.diagonal().array() += 1.0 - strength;
  Vector offset = strength * (axes.transpose() * (from.mean + shift - map * from.mean));
  return {std::move(matrix), std::move(offset)};
}

double levels_share(const Statistics& content, const Statistics& style, const KnotheRosenblattOptions& options) {
  require_inputs(content, style, options);
  const Colours from = colours_of(content, options.content_ridge);
  const Colours to = colours_of(style, options.style_ridge);
  const Eigen::Vector2d shift = chroma_shift(from, to);
  const double held_back = 1.0 - share_kept(shift, to, gain_of(from, to, options.max_gain).excess);
  if (held_back <= 0.0) {
    return 1.0;
  }
  const double size = shift.squaredNorm();
  return 1.0 - held_back * size / (size + options.least_shift * to.chroma_variance);
}

}  // namespace fastphoto
