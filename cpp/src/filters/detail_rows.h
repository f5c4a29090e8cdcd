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

/// What a photo's luma is made of: sums over pixels of its tones, which the guided filter leaves, and of its detail.
struct LumaSums {
  double pixels = 0.0;
  double tones = 0.0;
  double squared_tones = 0.0;
  double squared_detail = 0.0;
};

/// How a photo's detail is replaced.
class FASTPHOTO_API DetailChange {
 public:
  /// @param content, own  sums of content and result, of equally many pixels. The content's detail is not made weaker
  ///                      than its tones became: a style out of focus says nothing of the content's detail.
  DetailChange(const LumaSums& content, const LumaSums& own, const DetailOptions& options);

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
