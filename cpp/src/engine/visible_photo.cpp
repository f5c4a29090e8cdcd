// SPDX-License-Identifier: Apache-2.0
//
// Covers what is transparent in a photo and reduces its alpha to weights.
#include "engine/visible_photo.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/check.h"
#include "fastphoto/error.h"
#include "fastphoto/resample.h"

namespace fastphoto {

namespace {

void require_alpha(const ImageView& photo, const ImageView& alpha, const std::string& name) {
  require(alpha.height == photo.height && alpha.width == photo.width && alpha.channels == 1,
          "the alpha of the " + name + " must have the photo's size, " + std::to_string(photo.height) + " x " +
              std::to_string(photo.width) + ", got " + shape_text(alpha));
  bool good = true;
  for (Index y = 0; y < alpha.height; ++y) {
    for (Index x = 0; x < alpha.width; ++x) {
      const float a = alpha.at(y, x, 0);
      good = good && a >= 0.0F && a <= 1.0F;
    }
  }
  require(good, "the alpha of the " + name + " must lie in 0..1");
}

}  // namespace

VisiblePhoto::VisiblePhoto(const ImageView& photo, const ImageView& alpha, const char* name)
    : view_(photo), alpha_(alpha) {
  if (alpha.data == nullptr) {
    return;
  }
  require_alpha(photo, alpha, name);
  std::array<double, 3> sums{};
  double visible = 0.0;
  for (Index y = 0; y < photo.height; ++y) {
    for (Index x = 0; x < photo.width; ++x) {
      const auto a = static_cast<double>(alpha.at(y, x, 0));
      visible += a;
      for (Index c = 0; c < 3; ++c) {
        sums.at(static_cast<std::size_t>(c)) += a * static_cast<double>(photo.at(y, x, c));
      }
    }
  }
  require(visible > 0.0,
          std::string("the ") + name + " is transparent everywhere; expected something that can be seen");
  std::transform(sums.begin(), sums.end(), mean_.begin(),
                 [&](double sum) { return std::clamp(static_cast<float>(sum / visible), 0.0F, 1.0F); });
  covered_ = Image(photo.height, photo.width, 3);
  // NOLINTNEXTLINE(misc-const-correctness): it is written through
  float* to = covered_.data();
  for (Index y = 0; y < photo.height; ++y) {
    for (Index x = 0; x < photo.width; ++x) {
      const float a = alpha.at(y, x, 0);
      for (Index c = 0; c < 3; ++c) {
        *to++ = a * photo.at(y, x, c) + (1.0F - a) * mean_.at(static_cast<std::size_t>(c));
      }
    }
  }
  view_ = covered_.view();
}

void VisiblePhoto::cover(Image& photo) const {
  for (Index y = 0; y < alpha_.height; ++y) {
    for (Index x = 0; x < alpha_.width; ++x) {
      if (alpha_.at(y, x, 0) == 0.0F) {
        std::copy_n(mean_.begin(), 3, photo.data() + 3 * (y * alpha_.width + x));
      }
    }
  }
}

Image VisiblePhoto::weights(Size size, Threads threads) const {
  Image weights = resize(alpha_, size.height, size.width, threads);
  std::for_each_n(weights.data(), size.height * size.width,
                  [](float& weight) { weight = std::clamp(weight, 0.0F, 1.0F); });  // Lanczos overshoots at edges
  return weights;
}

}  // namespace fastphoto
