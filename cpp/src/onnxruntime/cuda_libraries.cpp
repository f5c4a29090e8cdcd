// SPDX-License-Identifier: Apache-2.0
//
// Looks for NVIDIA's driver, and loads the CUDA libraries that Python packages bring.
#include "onnxruntime/cuda_libraries.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include "onnxruntime/shared_library.h"

namespace fastphoto {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> entries(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

bool has_nvidia_driver() {
#ifdef _WIN32
  return load_library("nvcuda.dll") != nullptr;
#else
  return load_library("libcuda.so.1") != nullptr;
#endif
}

void load_cuda_libraries(const fs::path& runtime_library) {
#ifdef __linux__
  if (runtime_library.parent_path().filename() != "capi") {
    return;
  }
  // The packages have a folder each: nvidia/cublas/lib, nvidia/cudnn/lib; since CUDA 13 most are in nvidia/cu13/lib.
  const fs::path packages = runtime_library.parent_path().parent_path().parent_path() / "nvidia";
  std::vector<fs::path> files;
  for (const fs::path& package : entries(packages)) {
    for (fs::path& file : entries(package / "lib")) {
      files.push_back(std::move(file));
    }
  }
  // What others need comes first. cuDNN finds its parts itself.
  for (const char* stem : {"libcublasLt.so.", "libcublas.so.", "libnvrtc.so.", "libcurand.so.", "libcufft.so.",
                           "libcudart.so.", "libcudnn.so."}) {
    for (const fs::path& file : files) {
      if (file.filename().string().rfind(stem, 0) == 0) {
        load_library(file);
      }
    }
  }
#else
  static_cast<void>(runtime_library);
#endif
}

}  // namespace fastphoto
