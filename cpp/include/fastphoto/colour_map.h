// SPDX-License-Identifier: Apache-2.0
//
// Maps of colours that an estimator predicts: a matrix with curves, a 3D LUT, or a grid of affine maps.
#pragma once

#include <cstdint>
#include <vector>

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

enum class ColourMapKind : std::uint8_t {
  MatrixAndCurves,  ///< a 3 x 4 affine map of R, G, B, then a curve for each channel
  Lut,              ///< a cube of colours, read by tetrahedral interpolation
  Grid,             ///< affine maps on a grid over place and luma, read by trilinear interpolation
};

/// A map of colours and its parameters, in the order in which an estimator's output lists them.
///
/// MatrixAndCurves, extents {points}: 12 numbers of the matrix, row by row, the offset last in each row; then for each
///   channel the values of its curve at 0, 1 / (points - 1) .. 1, between which it is linear. Beyond 0..1 a curve goes
///   on with the slope of its last piece. points is 0 (no curves) or at least 2.
/// Lut, extents {points}: points^3 colours, blue varying fastest, then green, then red. Inputs are clamped to 0..1;
/// what
///   was clamped off is added to the result, so that nothing outside the range is lost. points is at least 2.
/// Grid, extents {rows, columns, lumas}: a 3 x 4 affine map for each node, 12 numbers, luma varying fastest, then
/// column,
///   then row (a bilateral grid: Gharbi et al., "Deep Bilateral Learning", SIGGRAPH 2017). Nodes lie at the centres of
///   equal cells of the photo and of the range of luma (Rec. 709); beyond the outer centres the outer maps hold.
struct FASTPHOTO_API ColourMap {
  ColourMapKind kind = ColourMapKind::MatrixAndCurves;
  std::vector<Index> extents = {0};
  std::vector<float> parameters = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};  ///< the identity

  /// How many parameters a map of that kind and extents has.
  /// @throws Error(InvalidArgument) for extents that such a map cannot have.
  static Index parameter_count(ColourMapKind kind, const std::vector<Index>& extents);

  /// The photo with its colours mapped and mixed with its own: strength 0 leaves it as it is.
  /// @param photo  H x W x 3, finite.
  /// @return  H x W x 3, interleaved, not clipped.
  /// @throws Error(InvalidArgument) if the number of parameters does not fit, or one is not finite.
  Image apply(const ImageView& photo, double strength = 1.0, Threads threads = {}) const;
};

}  // namespace fastphoto
