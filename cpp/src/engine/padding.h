// SPDX-License-Identifier: Apache-2.0
//
// What the network sees around a photo: a reflection of it.
#pragma once

#include <vector>

#include "fastphoto/engine/bundle.h"
#include "fastphoto/engine/report.h"
#include "fastphoto/image.h"

namespace fastphoto {

/// A photo of that size with the model's margin all around, then as large as its strides divide.
Size padded_size(const Manifest& manifest, Size photo);

/// Which row and which column of the photo stand at each of the padded ones. Borders are not repeated.
struct Padding {
  Padding(const Manifest& manifest, Size photo);

  Index margin;  // the photo's first row and column are this one
  std::vector<Index> rows;
  std::vector<Index> columns;
};

}  // namespace fastphoto
