// SPDX-License-Identifier: Apache-2.0
//
// Gives one photo the look of another.  stylize MODEL_FOLDER CONTENT STYLE OUT [RUNTIME_LIBRARY] (photos are PPM files)
#include <fastphoto/engine.h>
#include <fastphoto/onnxruntime.h>

#include <cstdio>
#include <exception>

#include "ppm.h"

namespace {

fastphoto::SampleType type_of(const ppm::Photo& photo) {
  return photo.bits() == 8 ? fastphoto::SampleType::UInt8 : fastphoto::SampleType::UInt16;
}

fastphoto::Pixels to_read(const ppm::Photo& photo) {
  return {photo.samples(), photo.height(), photo.width(), type_of(photo)};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5 && count != 6) {
    std::fprintf(stderr, "usage: stylize MODEL_FOLDER CONTENT.ppm STYLE.ppm OUT.ppm [RUNTIME_LIBRARY]\n");
    return 2;
  }
  try {
    ppm::Photo content(arguments[2]);
    const ppm::Photo style(arguments[3]);

    fastphoto::OnnxRuntimeOptions runtime;
    runtime.library = count == 6 ? arguments[5] : "";
    const fastphoto::Stylizer stylizer(arguments[1], fastphoto::open_onnxruntime(runtime));

    const fastphoto::Look look = stylizer.analyze(to_read(style));
    // The result may be written over the content.
    const fastphoto::Report report = stylizer.apply(
        to_read(content), look, {content.samples(), content.height(), content.width(), type_of(content)});

    content.write(arguments[4]);
    std::printf("%s on %s\n", report.model.c_str(), report.device.used.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stylize: %s\n", error.what());
    return 1;
  }
  return 0;
}
