// SPDX-License-Identifier: Apache-2.0
//
// From two photos' statistics to the affine maps that a segment applies.
#pragma once

#include <cstddef>
#include <vector>

#include "fastphoto/engine/bundle.h"
#include "fastphoto/statistics.h"

namespace fastphoto {

/// How far so many of a style's pixels, or of its features, suffice to tell a look, 0 to 1: a single one is a colour
/// and no look.
double evidence_of(double count);

/// f' = T f + b for each label: T is labels x channels x channels, b labels x channels, as graphs take them.
struct AffineMaps {
  AffineMaps(Index label_count, Index channel_count);

  Index labels;
  Index channels;
  std::vector<float> matrix;
  std::vector<float> offset;
};

/// The maps of one photo's way down the chain.
///
/// Where the style's colours are too many for the content's, the colours' alignment holds back a part of the shift
/// between the mean chromas (knothe_rosenblatt.h). The levels after it then move their mean features by a share of
/// their way only, or they would bring in what the colours held back.
class ChainAlignment {
 public:
  /// Statistics of each label that takes part.
  using ByLabel = std::vector<Statistics>;

  /// @param style      for each alignment.
  /// @param strength   0 (nothing changes) .. 1.
  /// @param keep_rest  whether there is one more label, of pixels that keep their features.
  /// @param rest_follows  whether that label takes the first one's map instead: what is transparent does not count in
  ///                      statistics and changes with what is visible.
  /// @param areas      pixels of each label in the style. A level of which they leave few features is aligned in
  ///                   proportion. Empty: there are enough.
  ChainAlignment(const std::vector<Alignment>& alignments, std::vector<ByLabel> style, double strength, bool keep_rest,
                 bool rest_follows = false, std::vector<double> areas = {});

  /// The maps of alignment `index`, to be asked for from the first to the last; `content` ends with the statistics of
  /// the rest, if there is one.
  AffineMaps maps(std::size_t index, const ByLabel& content);

 private:
  double strength_of(const Alignment& alignment, std::size_t label) const;

  const std::vector<Alignment>& alignments_;
  std::vector<ByLabel> style_;
  double strength_;
  bool keep_rest_;
  bool rest_follows_;
  std::vector<double> areas_;
  std::vector<double> shares_;  // for each label
};

}  // namespace fastphoto
