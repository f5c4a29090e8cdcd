// SPDX-License-Identifier: Apache-2.0
//
// Where ONNX Runtime's shared library is found.
#pragma once

#include <filesystem>

namespace fastphoto {

/// ONNX Runtime's library, loaded.
struct OnnxRuntimeLibrary {
  void* entry = nullptr;       ///< its function OrtGetApiBase
  std::filesystem::path file;  ///< for messages, and to find what lies beside it
};

/// Loads the library: that at `asked`, a file or a folder; else the one already loaded in this process, else
/// $FASTPHOTO_ONNXRUNTIME, else what the system's loader finds.
/// @throws Error(Device) if there is none, or what was found is no library of ONNX Runtime.
OnnxRuntimeLibrary load_onnxruntime(const std::filesystem::path& asked);

}  // namespace fastphoto
