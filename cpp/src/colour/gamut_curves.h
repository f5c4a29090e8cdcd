// SPDX-License-Identifier: Apache-2.0
//
// The curves by which compress_to_gamut() bends the channels of a photo, for kernels that have it row by row.
#pragma once

#include <vector>

#include "base/parallel.h"
#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// The curve at one end of a channel.
struct GamutCurve {
  bool bends = false;
  float knee = 0.0F;   // k
  float reach = 0.0F;  // k - low
  float share = 0.0F;  // of the reach that lies beyond the end: -low / (k - low)

  GamutCurve() = default;
  GamutCurve(double excess, double largest_knee, const GamutOptions& options);
};

/// @throws Error(InvalidArgument) naming an option that is out of range.
FASTPHOTO_API void require_gamut_options(const GamutOptions& options);

/// Curves are found in every so many rows and columns of a photo of that size.
FASTPHOTO_API Index gamut_step(Index height, Index width);

/// The curves of all channels.
class FASTPHOTO_API GamutCurves {
 public:
  /// @param photo  interleaved; of it every `step`-th row and column is looked at.
  GamutCurves(Workers& workers, const Image& photo, Index step, const GamutOptions& options);

  bool bend(Index channel) const;

  /// Bends samples of one channel that follow each other without gaps. They are not cut off.
  void apply(Index channel, Index count, float* values) const;

  /// Bends interleaved pixels and cuts off what still lies outside 0..1.
  /// @param scratch  of `width` samples.
  void apply_to_row(Index width, float* pixels, float* scratch) const;

 private:
  std::vector<GamutCurve> shadows_;
  std::vector<GamutCurve> highlights_;
};

}  // namespace fastphoto
