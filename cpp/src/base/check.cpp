// SPDX-License-Identifier: Apache-2.0
//
// Words the errors about images and options, and looks for samples that are not finite.
#include "base/check.h"

#include <cmath>
#include <cstdint>
#include <locale>
#include <sstream>
#include <vector>

#include "base/multiversion.h"
#include "base/read_rows.h"
#include "fastphoto/error.h"

namespace fastphoto {

namespace {

/// Without an early end, which would keep the compiler from taking many at once.
FASTPHOTO_MULTIVERSION bool all_finite(const float* samples, Index count) {
  std::uint32_t others = 0;
  for (Index i = 0; i < count; ++i) {
    others |= std::isfinite(samples[i]) ? 0U : 1U;
  }
  return others == 0;
}

void require_all_finite(const float* samples, Index count, const char* name) {
  if (!all_finite(samples, count)) {
    throw Error(ErrorKind::InvalidArgument, std::string(name) + " holds NaN or infinity; every sample must be finite");
  }
}

}  // namespace

std::string shape_text(const ImageView& view) {
  return std::to_string(view.height) + " x " + std::to_string(view.width) + " x " + std::to_string(view.channels);
}

std::string number_text(double number) {
  std::ostringstream text;
  text.imbue(std::locale::classic());  // the host may have set a comma
  text << number;
  return text.str();
}

void require(bool condition, const std::string& message) {
  if (!condition) {
    throw Error(ErrorKind::InvalidArgument, message);
  }
}

void require_option(bool condition, const char* name, double value, const char* expected) {
  if (!condition) {
    throw Error(ErrorKind::InvalidArgument, std::string(name) + " must be " + expected + ", got " + number_text(value));
  }
}

void require_finite(Workers& workers, const ImageView& view, const char* name) {
  // Long rows (features with height 1) are cut, so that threads share them.
  constexpr Index block = 1 << 13;
  const auto row_bytes = static_cast<Index>(sizeof(float)) * view.width * view.channels;
  if (has_interleaved_rows(view) && (view.height == 1 || view.row_stride == row_bytes)) {
    workers.run(view.pixels(), block, [&](Index begin, Index end) {
      require_all_finite(view.data + begin * view.channels, (end - begin) * view.channels, name);
    });
    return;
  }
  workers.run(view.pixels(), block, [&](Index begin, Index end) {
    std::vector<float> samples(static_cast<std::size_t>(end - begin));
    for (Index c = 0; c < view.channels; ++c) {
      read_samples(view, c, begin, end, samples.data());
      require_all_finite(samples.data(), end - begin, name);
    }
  });
}

void require_image(Workers& workers, const ImageView& view, const char* name, Index channels) {
  require(view.data != nullptr && view.height > 0 && view.width > 0 && view.channels > 0,
          std::string(name) + " is empty (" + shape_text(view) + "); expected at least one pixel");
  require(channels == 0 || view.channels == channels,
          std::string(name) + " must be H x W x " + std::to_string(channels) + ", got " + shape_text(view));
  require_finite(workers, view, name);
}

void require_interleaved(const Image& image, const char* name) {
  require(has_interleaved_rows(image.view()), std::string(name) + " must be interleaved (H x W x C), got planes");
}

void require_same_size(const ImageView& a, const char* name_a, const ImageView& b, const char* name_b) {
  require(a.height == b.height && a.width == b.width, std::string(name_a) + " and " + name_b +
                                                          " must have the same height and width, got " + shape_text(a) +
                                                          " and " + shape_text(b));
}

}  // namespace fastphoto
