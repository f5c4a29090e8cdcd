// SPDX-License-Identifier: Apache-2.0
//
// Rows of pixels in a host's format, for kernels that go through a photo once and keep no copy of it.
#pragma once

#include <vector>

#include "fastphoto/export.h"
#include "fastphoto/pixels.h"

namespace fastphoto {

/// A row as width x 3 float32, RGB, whole numbers scaled to 0..1. The pixels have been checked.
FASTPHOTO_API void read_rgb(const Pixels& pixels, Index row, float* rgb);

/// Writes a row of width x 3 float32. Whole numbers are cut off at 0 and 1 and rounded to the nearest.
FASTPHOTO_API void write_rgb(const float* rgb, const MutablePixels& pixels, Index row);

/// The alpha of a row, of pixels that have it.
FASTPHOTO_API void read_alpha(const Pixels& pixels, Index row, float* alpha);
FASTPHOTO_API void write_alpha(const float* alpha, const MutablePixels& pixels, Index row);

/// Writes rows of a photo with their alpha: that of other pixels, or opaque where these have none.
class FASTPHOTO_API RowWriter {
 public:
  /// @param alpha_from  as in write_pixels(), checked.
  RowWriter(const Pixels& alpha_from, const MutablePixels& result);

  /// A row of width x 3 float32, as write_rgb() takes it.
  void write(const float* rgb, Index row);

 private:
  Pixels alpha_from_;
  MutablePixels result_;
  std::vector<float> alpha_;  // of one row; empty if the result has none
};

/// @throws Error(InvalidArgument) if there is no pixel, or a floating-point sample is NaN, infinite or outside 0..1.
FASTPHOTO_API void require_photo(const Pixels& pixels, const char* name, Threads threads);

}  // namespace fastphoto
