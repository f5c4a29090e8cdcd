// SPDX-License-Identifier: Apache-2.0
//
// An outside program that needs the core alone: smooths a photo and catches an error of the library.
#include <fastphoto/fastphoto.h>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  constexpr fastphoto::Index height = 20;
  constexpr fastphoto::Index width = 30;
  std::vector<float> content(height * width * 3);
  for (std::size_t i = 0; i < content.size(); ++i) {
    content[i] = static_cast<float>(i % 97) / 97.0F;
  }
  const std::vector<float> flat(height * width * 3, 0.25F);
  const fastphoto::ImageView view(content.data(), height, width, 3);

  // A constant photo stays constant: to the solver's tolerance of 1e-3.
  const fastphoto::SmoothingResult smooth =
      fastphoto::closed_form_smooth(fastphoto::ImageView(flat.data(), height, width, 3), view);
  for (fastphoto::Index i = 0; i < height * width * 3; ++i) {
    if (std::abs(smooth.image.data()[i] - 0.25F) > 1e-3F) {
      std::printf("found %g where 0.25 was smoothed\n", static_cast<double>(smooth.image.data()[i]));
      return 1;
    }
  }

  // Statistics hold Eigen's matrices, which cross the border of the library.
  const fastphoto::Statistics colours = fastphoto::mean_and_covariance(view);
  if (colours.covariance.rows() != 3 || !(colours.covariance(0, 0) > 0.0)) {
    return 1;
  }

  try {
    fastphoto::guided_filter(fastphoto::ImageView(), view);
    return 1;
  } catch (const fastphoto::Error& error) {
    return error.kind() == fastphoto::ErrorKind::InvalidArgument ? 0 : 1;
  }
}
