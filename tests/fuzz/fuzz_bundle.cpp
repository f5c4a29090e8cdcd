// SPDX-License-Identifier: Apache-2.0
//
// Any text is a bundle.json that fits together, or one error of one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fastphoto/engine/bundle.h"
#include "fastphoto/error.h"

namespace {

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto manifest =
        fastphoto::Bundle::parse(std::string_view(reinterpret_cast<const char*>(data), size), "bundle.json");
    require(manifest.segments.size() == manifest.alignments.size() + 1);
    require(manifest.size_multiple >= 1 && manifest.working_side >= 1 && manifest.smoothing_lam > 0.0);
    require(manifest.margin >= 0);
    for (const fastphoto::Alignment& alignment : manifest.alignments) {
      require(alignment.channels >= 1 && manifest.size_multiple % alignment.stride == 0);
    }
  } catch (const fastphoto::Error& error) {
    require(error.kind() == fastphoto::ErrorKind::Model);
    require(std::string_view(error.what()).find_first_of("\n\x1b") == std::string_view::npos);
  }
  return 0;
}
