// SPDX-License-Identifier: Apache-2.0
//
// CUDA's and cuDNN's libraries for ONNX Runtime, and NVIDIA's driver.
#pragma once

#include <filesystem>

namespace fastphoto {

bool has_nvidia_driver();

/// Loads CUDA's and cuDNN's libraries where Python's packages put them, if the runtime's library is that of a wheel
/// (.../onnxruntime/capi/...): the system's loader does not look there. What is missing is skipped, since the system
/// may have it.
void load_cuda_libraries(const std::filesystem::path& runtime_library);

}  // namespace fastphoto
