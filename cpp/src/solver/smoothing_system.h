// SPDX-License-Identifier: Apache-2.0
//
// The linear system of closed-form smoothing for one content, with all that solves have in common.
#pragma once

#include <memory>
#include <vector>

#include "base/field.h"
#include "base/parallel.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"
#include "multigrid/multigrid.h"
#include "solver/pixel_diagonal.h"
#include "solver/stencil.h"

namespace fastphoto {

/// The system divided by |w|: with d = D / |w| and the data weights w, ((1 - alpha) d w + alpha L / |w|) u =
/// (1 - alpha) d w v. In the paper's system v = d^(-1/2) Y and R = d^(1/2) u; in the one that keeps constants v = Y and
/// R = u.
///
/// The content may lie on its side: rows of the system are then columns of the content.
class SmoothingSystem {
 public:
  /// @param content  three channels, checked.
  /// @param data_weights  of the content's size and checked but for their range; null: all one.
  /// @throws Error(InvalidArgument) unless the weights are 0 or more and somewhere positive.
  SmoothingSystem(Workers& workers, const ImageView& content, const ImageView* data_weights,
                  const SmoothingOptions& options);

  /// Whether the content is smaller than a window. Then there is no matrix, and R = Y.
  bool empty() const { return matrix_ == nullptr; }

  const StencilOperator& matrix() const { return *matrix_; }

  /// d (alpha + (1 - alpha) w), which bounds the matrix from above.
  const PixelDiagonal& bound() const { return *bound_; }

  /// Null where it does not apply.
  const Multigrid* multigrid() const { return multigrid_.get(); }

  const Grid& grid() const { return grid_; }  ///< with padding
  Index padding() const { return padding_; }
  bool on_its_side() const { return on_its_side_; }

  /// The right side for one row of Y, padding included.
  void read_right_side(const ImageView& stylized, Index channel, Index row, float* b) const;

  /// The unknowns u for one row of R, padding included.
  void read_unknowns(const ImageView& image, Index channel, Index row, float* u) const;

  /// R / u at a pixel is the product of its row's number and its column's.
  const std::vector<float>& row_roots() const { return row_roots_; }
  const std::vector<float>& column_roots() const { return column_roots_; }

 private:
  ImageView turned(const ImageView& view) const;
  void read_weights(const ImageView& data_weights);

  Index padding_;
  bool on_its_side_;
  Grid grid_;
  // R / u and Y / v are products of a number of the row and one of the column, as d is. So is b / Y beside the data
  // weights.
  std::vector<float> row_roots_;
  std::vector<float> column_roots_;
  std::vector<float> row_data_;
  std::vector<float> column_data_;
  std::vector<float> weights_;  // of the data, padded; empty = all one
  std::unique_ptr<StencilOperator> matrix_;
  std::unique_ptr<PixelDiagonal> bound_;
  std::unique_ptr<Multigrid> multigrid_;
};

}  // namespace fastphoto
