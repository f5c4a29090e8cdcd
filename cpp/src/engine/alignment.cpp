// SPDX-License-Identifier: Apache-2.0
//
// The map of each alignment: its method, its ridges and what the colours hold back.
#include "engine/alignment.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "colour/symmetric_eigen.h"
#include "fastphoto/error.h"
#include "fastphoto/knothe_rosenblatt.h"
#include "fastphoto/transform.h"

namespace fastphoto {

namespace {

// Pixels, or features, of a style, below which its look is taken in proportion.
constexpr double enough_samples = 64.0;

/// Added to both photos' covariances: a share of their mean variance limits how much a direction in which the content
/// hardly varies can be amplified.
double common_ridge(const Alignment& alignment, const Statistics& content, const Statistics& style) {
  const double mean_variance =
      (content.covariance.trace() + style.covariance.trace()) / (2.0 * static_cast<double>(alignment.channels));
  return alignment.relative_ridge * mean_variance;
}

KnotheRosenblattOptions colour_options(const Alignment& alignment, const Statistics& content, const Statistics& style,
                                       double strength) {
  const double ridge = common_ridge(alignment, content, style);
  KnotheRosenblattOptions options;
  options.content_ridge = alignment.content_ridge + ridge;
  options.style_ridge = alignment.style_ridge + ridge;
  options.max_gain = alignment.max_gain.value_or(std::numeric_limits<double>::infinity());
  options.least_shift = alignment.least_shift;
  options.strength = strength * alignment.strength;
  return options;
}

AffineTransform identity(Index channels) { return {Matrix::Identity(channels, channels), Vector::Zero(channels)}; }

/// Who gives masks wants each label to take its partner's colours; an estimate of the grade would hold them back.
Alignment of_labels(const Alignment& alignment) {
  Alignment result = alignment;
  if (result.method == AlignmentMethod::Learned) {
    result.method = AlignmentMethod::KnotheRosenblatt;
  }
  return result;
}

/// The symmetric T with its eigenvalues within 1 / largest .. largest. The features of a flat content are noise and
/// padding, which a large gain would show; a style out of focus would take the content's structure away.
Matrix bounded(const Matrix& T, double largest) {
  const auto [values, vectors, converged] = symmetric_eigen(T);
  if (!converged) {
    throw Error(ErrorKind::Model, "the eigenvalues of an alignment's map did not converge");
  }
  const Vector gains = values.cwiseMin(largest).cwiseMax(1.0 / largest);
  return vectors * gains.asDiagonal() * vectors.transpose();
}

/// f' = t (T (f - from) + to) + (1 - t) f.
AffineTransform blend(const Matrix& T, const Vector& from, const Vector& to, double share) {
  Matrix matrix = share * T;
  matrix.diagonal().array() += 1.0 - share;
  return {std::move(matrix), share * (to - T * from)};
}

AffineTransform map_of(const Alignment& alignment, const Statistics& content, const Statistics& style,
                       double strength) {
  if (alignment.method == AlignmentMethod::Learned) {
    return identity(alignment.channels);  // the estimator has mapped the photo's colours before
  }
  if (alignment.method == AlignmentMethod::KnotheRosenblatt) {
    return knothe_rosenblatt(content, style, colour_options(alignment, content, style, strength));
  }
  const double ridge = common_ridge(alignment, content, style);
  TransformOptions options;
  options.content_ridge = alignment.content_ridge + ridge;
  options.style_ridge = alignment.style_ridge + ridge;
  options.strength = strength * alignment.strength;
  if (alignment.method == AlignmentMethod::WhiteningColouring) {
    return whitening_coloring(content, style, options);
  }
  if (!alignment.max_gain) {
    return monge_kantorovich(content, style, options);
  }
  options.strength = 1.0;
  const Matrix gains = bounded(monge_kantorovich(content, style, options).matrix, *alignment.max_gain);
  return blend(gains, content.mean, style.mean, strength * alignment.strength);
}

/// The style's statistics, its mean moved towards the content's until `share` of the way is left.
Statistics nearer(const Statistics& style, const Statistics& content, double share) {
  Statistics result = style;
  result.mean = content.mean + share * (style.mean - content.mean);
  return result;
}

}  // namespace

double evidence_of(double count) { return std::min(1.0, count / enough_samples); }

AffineMaps::AffineMaps(Index label_count, Index channel_count)
    : labels(label_count),
      channels(channel_count),
      matrix(static_cast<std::size_t>(label_count * channel_count * channel_count)),
      offset(static_cast<std::size_t>(label_count * channel_count)) {}

ChainAlignment::ChainAlignment(const std::vector<Alignment>& alignments, std::vector<ByLabel> style, double strength,
                               bool keep_rest, bool rest_follows, std::vector<double> areas)
    : alignments_(alignments),
      style_(std::move(style)),
      strength_(strength),
      keep_rest_(keep_rest),
      rest_follows_(rest_follows),
      areas_(std::move(areas)),
      shares_(style_.empty() ? 0 : style_.front().size(), 1.0) {}

double ChainAlignment::strength_of(const Alignment& alignment, std::size_t label) const {
  const auto pixels_of_a_feature = static_cast<double>(alignment.stride * alignment.stride);
  return areas_.empty() ? strength_ : strength_ * evidence_of(areas_.at(label) / pixels_of_a_feature);
}

AffineMaps ChainAlignment::maps(std::size_t index, const ByLabel& content) {
  const bool masked = keep_rest_ && !rest_follows_;
  const Alignment alignment = masked ? of_labels(alignments_.at(index)) : alignments_.at(index);
  const ByLabel& style = style_.at(index);
  const Index labels = static_cast<Index>(style.size()) + (keep_rest_ ? 1 : 0);
  if (static_cast<Index>(content.size()) != labels) {
    throw Error(ErrorKind::Model, "alignment '" + alignment.name + "': the graph gave the statistics of " +
                                      std::to_string(content.size()) + " labels, expected " + std::to_string(labels));
  }
  AffineMaps result(labels, alignment.channels);
  const Index c = alignment.channels;
  AffineTransform first;
  for (std::size_t label = 0; label < content.size(); ++label) {
    AffineTransform map;
    if (label == style.size()) {
      map = rest_follows_ && !style.empty() ? first : identity(c);
    } else if (index > 0 && shares_[label] != 1.0) {
      map = map_of(alignment, content[label], nearer(style[label], content[label], shares_[label]),
                   strength_of(alignment, label));
    } else {
      map = map_of(alignment, content[label], style[label], strength_of(alignment, label));
    }
    if (index == 0 && label < style.size()) {
      shares_[label] = alignment.method == AlignmentMethod::KnotheRosenblatt
                           ? levels_share(content[label], style[label],
                                          colour_options(alignment, content[label], style[label], strength_))
                           : 1.0;
    }
    if (label == 0) {
      first = map;
    }
    const auto at = static_cast<Index>(label);
    Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(result.matrix.data() + at * c * c,
                                                                                      c, c) = map.matrix.cast<float>();
    Eigen::Map<Eigen::VectorXf>(result.offset.data() + at * c, c) = map.offset.cast<float>();
  }
  return result;
}

}  // namespace fastphoto
