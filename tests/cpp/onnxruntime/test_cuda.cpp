// SPDX-License-Identifier: Apache-2.0
//
// The way from CUDA back to the CPU, on machines without a GPU.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "onnxruntime/child_process.h"
#include "onnxruntime/cuda_libraries.h"
#include "onnxruntime/sample_graphs.h"
#include "onnxruntime/shared_library.h"
#include "onnxruntime/temporary_folder.h"
#include "onnxruntime/thrown_error.h"

using namespace fastphoto;
namespace fs = std::filesystem;
using Device = OnnxRuntimeOptions::Device;

namespace {

OnnxRuntimeOptions on(Device device) {
  OnnxRuntimeOptions options = runtime_options();
  options.device = device;
  return options;
}

// Whether `text` says why CUDA cannot be used here.
bool is_reason(const std::string& text) {
  return text.find("no NVIDIA driver found") != std::string::npos ||
         text.find("has no CUDA provider") != std::string::npos ||
         text.find("CUDA cannot be used: Failed to ") != std::string::npos;
}

}  // namespace

TEST_CASE("auto uses CUDA if it works, else the CPU, and says why; cuda is then refused") {
  const auto runtime = open_onnxruntime(on(Device::Auto));
  const auto graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
  const DeviceReport report = runtime->device();
  CAPTURE(report.reason);
  CHECK(report.requested == "auto");
  if (report.used == "cuda") {
    CHECK(report.reason == "CUDA works");
    CHECK(report.precision == "float16");
    return;
  }
  CHECK(is_reason(report.reason));
  CHECK(report.provider == "CPUExecutionProvider");
  CHECK(report.precision == "float32");
  const ThrownError error =
      error_of([] { open_graph(*open_onnxruntime(on(Device::Cuda)), "photowct-lite", "segment_0.onnx"); });
  CAPTURE(error.message);
  CHECK(error.kind == ErrorKind::Device);
  CHECK(error.says("device 'cuda' was asked for, but "));
  CHECK(is_reason(error.message));
}

TEST_CASE("child: a library with the name of the driver" * doctest::skip()) {
  REQUIRE(load_library(FAKE_DRIVER_LIBRARY) != nullptr);
  const auto runtime = open_onnxruntime(on(Device::Auto));
  const auto graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
  CHECK(runtime->device().used == "cpu");
  CHECK(is_reason(runtime->device().reason));
  CHECK(runtime->device().reason != "no NVIDIA driver found");
  CHECK(run_first_segment(*graph, random_photo(16, 16, 1), one_label()).size() == 3);

  const bool has_provider = runtime->device().reason.find("no CUDA provider") == std::string::npos;
  const ThrownError error = error_of([&] {
    const auto on_cuda = open_onnxruntime(on(Device::Cuda));
    const std::string bytes = "not a model";
    CHECK(error_of([&] { on_cuda->open("none.onnx", bytes); }).kind == ErrorKind::Model);
    open_graph(*on_cuda, "photowct-lite", "segment_0.onnx");
  });
  CHECK(error.kind == ErrorKind::Device);
  CHECK(error.says(has_provider ? "but CUDA cannot be used: Failed to " : "no CUDA provider"));
}

TEST_CASE("a driver without a GPU is a quiet fall-back, or one clear error") {
  const ChildResult child = run_test_case("child: a library with the name of the driver",
                                          "FASTPHOTO_ONNXRUNTIME='" + runtime_options().library.string() + "'");
  CHECK(child.status == 0);
  CHECK(child.output.empty());
}

TEST_CASE("CUDA's libraries are loaded from the packages beside the runtime's") {
  const TemporaryFolder folder;
  const fs::path& site = folder.path();
  fs::create_directories(site / "nvidia" / "cu99" / "lib");
  fs::copy_file(FAKE_CURAND_LIBRARY, site / "nvidia" / "cu99" / "lib" / "libcurand.so.99");
  REQUIRE(loaded_library("libcurand.so.99") == nullptr);
  load_cuda_libraries(site / "lib" / "onnxruntime" / "libonnxruntime.so");  // that of no wheel
  CHECK(loaded_library("libcurand.so.99") == nullptr);
  load_cuda_libraries(site / "onnxruntime" / "capi" / "libonnxruntime.so");
  CHECK(loaded_library("libcurand.so.99") != nullptr);
}
