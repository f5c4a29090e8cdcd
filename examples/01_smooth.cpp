// SPDX-License-Identifier: Apache-2.0
//
// Removes from a stylized photo every structure that its content does not have.  smooth CONTENT STYLIZED OUT (PPM
// files)
#include <fastphoto/fastphoto.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>

#include "ppm.h"

namespace {

fastphoto::Pixels pixels(const ppm::Photo& photo) {
  return {photo.samples(), photo.height(), photo.width(),
          photo.bits() == 8 ? fastphoto::SampleType::UInt8 : fastphoto::SampleType::UInt16};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: smooth CONTENT.ppm STYLIZED.ppm OUT.ppm\n");
    return 2;
  }
  try {
    const ppm::Photo content(arguments[1]);
    const ppm::Photo stylized(arguments[2]);
    const fastphoto::Image content_image = fastphoto::read_pixels(pixels(content), "content");
    const fastphoto::Image stylized_image = fastphoto::read_pixels(pixels(stylized), "stylized");

    fastphoto::SmoothingResult smooth = fastphoto::closed_form_smooth(stylized_image.view(), content_image.view());

    // The solver does not clip: what is left of 0..1 is the caller's choice.
    const fastphoto::ImageView& view = smooth.image.view();
    float* const samples = smooth.image.data();
    std::transform(samples, samples + view.pixels() * view.channels, samples,
                   [](float sample) { return std::clamp(sample, 0.0F, 1.0F); });
    ppm::Photo out(static_cast<size_t>(content.width()), static_cast<size_t>(content.height()), content.bits());
    fastphoto::write_pixels(view, {},
                            {out.samples(), out.height(), out.width(),
                             out.bits() == 8 ? fastphoto::SampleType::UInt8 : fastphoto::SampleType::UInt16});
    out.write(arguments[3]);
    std::printf("%d iterations, residual %.1e\n", smooth.info.iterations, smooth.info.residual);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "smooth: %s\n", error.what());
    return 1;
  }
  return 0;
}
