// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "color_basis.h"
#include "grid.h"
#include "hat_axis.h"
#include "parallel.h"

namespace fastphoto {

/// Right sides a coarse level treats at once.
inline constexpr Index most_channels = 4;

/// One grid of nodes with four unknowns each: an affine function of colour. The operator is a symmetric 5 x 5 stencil
/// of 4 x 4 blocks in bases that make every diagonal block the identity, so that only the 12 positive offsets are
/// stored.
///
/// Vectors are fields with channel 4-unknown major: channel u * R + r is unknown u of right side r.
class CoarseLevel {
 public:
  static constexpr Index blocks_per_node = 12;

  CoarseLevel(const HatAxis& rows, const HatAxis& columns);

  const HatAxis& rows() const { return rows_; }
  const HatAxis& columns() const { return columns_; }
  const Grid& grid() const { return blocks_.grid(); }

  /// Plane 16 * offset + 4 * a + b.
  Field<float>& blocks() { return blocks_; }
  const Field<float>& blocks() const { return blocks_; }

  /// Planes: 3 of mean, 13 of to_affine, 13 of from_affine.
  static constexpr Index mean_plane = 0;
  static constexpr Index to_plane = 3;
  static constexpr Index from_plane = 16;
  Field<float>& basis() { return basis_; }
  const Field<float>& basis() const { return basis_; }
  void set_basis(Index row, Index column, const ColorBasis& basis);
  ColorBasis basis_at(Index row, Index column) const;

  /// t = r - K x.
  void residual(Workers& workers, const Field<float>& r, const Field<float>& x, Field<float>& t) const;

  /// An upper estimate of the largest eigenvalue of K, for the smoother.
  double largest_eigenvalue() const { return largest_eigenvalue_; }
  void estimate_largest_eigenvalue(Workers& workers);

 private:
  HatAxis rows_;
  HatAxis columns_;
  Field<float> blocks_;
  Field<float> basis_;
  double largest_eigenvalue_ = 0.0;
};

/// Rows of nodes one task takes.
inline constexpr Index node_rows_per_chunk = 4;

}  // namespace fastphoto
