// SPDX-License-Identifier: Apache-2.0
//
// Between the pixels and the first level.
#pragma once

#include "base/field.h"
#include "base/planes.h"
#include "multigrid/coarse_level.h"
#include "multigrid/folded_rows.h"

namespace fastphoto {

/// The nodes of the first level are aggregates: squares with this many pixels on a side, which do not overlap. They are
/// as wide as a window of the matting Laplacian. So each square contains one whole window, and that window leaves just
/// four unknowns free.
inline constexpr Index aggregate_side = 3;

constexpr Index aggregates_along(Index pixels) { return (pixels + aggregate_side - 1) / aggregate_side; }

/// From pixels to aggregates, coarse = P^T fine, row by row of aggregates, where (P u)_i = b_k + a_k . (I_i - mean_k)
/// for the pixels i of aggregate k. One for each task.
class AggregateRestriction {
 public:
  /// @param centred  I_i - mean_k, three channels.
  AggregateRestriction(const CoarseLevel& level, const Field<float>& centred, Index channels);

  /// @param fine  the rows of pixels from the first of the aggregates' on.
  void row(Index node_row, PlaneRows<const float> fine, FoldedRows<float>& coarse);

 private:
  const CoarseLevel& level_;
  const Field<float>& centred_;
  Index channels_;
  Field<float> moments_;  // of the pixels' columns, four for each channel
  Field<float> nodes_;    // the same of one row of nodes
};

/// From aggregates to pixels, row by row. One for each task.
class AggregateProlongation {
 public:
  AggregateProlongation(const CoarseLevel& level, const Field<float>& centred, Index channels);

  /// Forgets the vector of the rows before.
  void restart() { loaded_ = -1; }

  /// out += P coarse on a row of pixels.
  void add(Index row, const FoldedRows<float>& coarse, Planes<float> out);

 private:
  void expand(Index node_row, const FoldedRows<float>& coarse);

  const CoarseLevel& level_;
  const Field<float>& centred_;
  Index channels_;
  Index loaded_ = -1;    // node row in affine_
  Field<float> nodes_;   // (b, a) of one row of nodes
  Field<float> affine_;  // the same for every column of pixels
};

}  // namespace fastphoto
