// SPDX-License-Identifier: Apache-2.0
//
// A camera's loop: gives every frame the same look and prints how long frames took.
//
//     camera_loop MODEL_FOLDER STYLE.ppm CONTENT FRAMES [RUNTIME_LIBRARY]
//
// CONTENT is a photo, over which a window moves as a camera would, or a folder of PPM frames of one size.
#include <fastphoto/engine.h>
#include <fastphoto/onnxruntime.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ppm.h"

namespace {

fastphoto::Pixels pixels(const ppm::Photo& photo) {
  return {photo.samples(), photo.height(), photo.width(),
          photo.bits() == 8 ? fastphoto::SampleType::UInt8 : fastphoto::SampleType::UInt16};
}

/// Where frames come from.
class Camera {
 public:
  explicit Camera(const std::filesystem::path& source) : moves_(!std::filesystem::is_directory(source)) {
    if (moves_) {
      photos_.push_back(std::make_unique<ppm::Photo>(source.string()));
    } else {
      std::vector<std::string> names;
      for (const auto& entry : std::filesystem::directory_iterator(source)) {
        if (entry.path().extension() == ".ppm") {
          names.push_back(entry.path().string());
        }
      }
      std::sort(names.begin(), names.end());
      for (const std::string& name : names) {
        photos_.push_back(std::make_unique<ppm::Photo>(name));
        if (photos_.back()->width() != photos_.front()->width() ||
            photos_.back()->height() != photos_.front()->height()) {
          throw std::runtime_error(name + ": found a frame of another size; expected that of the first frame");
        }
      }
      if (photos_.empty()) {
        throw std::runtime_error(source.string() + ": found no .ppm file; expected frames");
      }
    }
  }

  /// Borrowed: a window of the photo is used as it lies there.
  fastphoto::Pixels frame(long number) const {
    if (!moves_) {
      return pixels(*photos_[static_cast<std::size_t>(number) % photos_.size()]);
    }
    const fastphoto::Pixels photo = pixels(*photos_.front());
    fastphoto::Pixels window = photo;
    window.height = std::max<fastphoto::Index>(1, photo.height * 3 / 4);
    window.width = std::max<fastphoto::Index>(1, photo.width * 3 / 4);
    const double angle = 0.1 * static_cast<double>(number);
    const auto down = std::lround(0.5 * (1 - std::cos(angle)) * static_cast<double>(photo.height - window.height));
    const auto right = std::lround(0.5 * (1 + std::sin(angle)) * static_cast<double>(photo.width - window.width));
    window.data = static_cast<const char*>(photo.data) + down * photo.row_stride + right * photo.pixel_stride;
    return window;
  }

 private:
  bool moves_;
  std::vector<std::unique_ptr<ppm::Photo>> photos_;
};

/// The time within which that share of the frames was ready.
double percentile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void run(const char* model, const char* style_file, const char* source, long frames, const char* library) {
  fastphoto::OnnxRuntimeOptions runtime;
  runtime.library = library;
  const fastphoto::Stylizer stylizer(model, fastphoto::open_onnxruntime(runtime));
  const ppm::Photo style(style_file);
  const fastphoto::Look look = stylizer.analyze(pixels(style));

  const Camera camera(source);
  const fastphoto::Index height = camera.frame(0).height;
  const fastphoto::Index width = camera.frame(0).width;
  stylizer.prepare(width, height);  // so that the first frame is no slower than the others
  std::vector<unsigned char> shown(static_cast<std::size_t>(height * width * 4));
  const fastphoto::MutablePixels screen(shown.data(), height, width, fastphoto::SampleType::UInt8,
                                        fastphoto::PixelOrder::BGRA);
  fastphoto::ApplyOptions options;
  options.smoothing = fastphoto::Smoothing::Guided;  // the fast form

  std::vector<double> milliseconds;
  for (long number = 0; number < frames; ++number) {
    const auto start = std::chrono::steady_clock::now();
    stylizer.apply(camera.frame(number), look, screen, {}, options);
    milliseconds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf("%ld frames of %td x %td: half within %.1f ms, 90 %% within %.1f ms, 99 %% within %.1f ms\n", frames,
              width, height, percentile(milliseconds, 0.5), percentile(milliseconds, 0.9),
              percentile(milliseconds, 0.99));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5 && count != 6) {
    std::fprintf(stderr, "usage: camera_loop MODEL_FOLDER STYLE.ppm CONTENT FRAMES [RUNTIME_LIBRARY]\n");
    return 2;
  }
  try {
    char* end = nullptr;
    const long frames = std::strtol(arguments[4], &end, 10);
    if (*end != '\0' || frames < 1 || frames > 1000000) {
      throw std::runtime_error(std::string("found ") + arguments[4] + " as FRAMES; expected 1 to 1000000");
    }
    run(arguments[1], arguments[2], arguments[3], frames, count == 6 ? arguments[5] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "camera_loop: %s\n", error.what());
    return 1;
  }
  return 0;
}
