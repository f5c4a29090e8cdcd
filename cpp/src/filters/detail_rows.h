// SPDX-License-Identifier: Apache-2.0
//
// The parts of restore_detail(), for kernels that have the photo row by row.
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// @throws Error(InvalidArgument) naming an option that is out of range.
FASTPHOTO_API void require_detail_options(const DetailOptions& options);

/// The radius of the guided filter in pixels, for a photo whose longer side is `side`.
FASTPHOTO_API int detail_radius(const DetailOptions& options, Index side);

/// How a photo's detail is replaced.
class FASTPHOTO_API DetailChange {
 public:
  /// @param content_power, own_power  sums of squares of the details of content and result, of equally many pixels.
  DetailChange(double content_power, double own_power, const DetailOptions& options);

  /// k: how much stronger the content's detail is made.
  float gain() const { return gain_; }

  /// Limits k d_c - d_r of a row's pixels, in place, to what is to be added to all channels.
  void limit(float* change, Index width) const;

 private:
  float gain_;
  float scale_;
  float largest_;
};

}  // namespace fastphoto
