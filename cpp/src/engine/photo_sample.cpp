// SPDX-License-Identifier: Apache-2.0
//
// Reads every so many pixels of a photo.
#include "engine/photo_sample.h"

#include <algorithm>
#include <vector>

#include "base/pixel_rows.h"

namespace fastphoto {

Image sample_of(Workers& workers, const Pixels& content, Index step) {
  Image sample((content.height + step - 1) / step, (content.width + step - 1) / step, 3);
  workers.run(sample.height(), rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> row(static_cast<std::size_t>(3 * content.width));
    for (Index y = begin; y < end; ++y) {
      read_rgb(content, y * step, row.data());
      float* const to = sample.data() + y * sample.width() * 3;
      for (Index x = 0; x < sample.width(); ++x) {
        std::copy_n(row.data() + 3 * x * step, 3, to + 3 * x);
      }
    }
  });
  return sample;
}

}  // namespace fastphoto
