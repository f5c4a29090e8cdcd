// SPDX-License-Identifier: Apache-2.0
//
// What a library of ONNX Runtime that is too old does: it says its version and has no newer interface.
#include <cstdint>

namespace {

struct ApiBase {
  const void* (*api)(std::uint32_t version);
  const char* (*version)();
};

const void* no_api(std::uint32_t /*version*/) { return nullptr; }
const char* version() { return "1.2.3"; }

constexpr ApiBase base{no_api, version};

}  // namespace

extern "C" const void* OrtGetApiBase() { return &base; }
