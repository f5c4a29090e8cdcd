// SPDX-License-Identifier: Apache-2.0
//
// Component onnxruntime: the engine's Runtime on ONNX Runtime's C API. Its library is loaded when the runtime is
// opened.
#pragma once

#include <filesystem>
#include <memory>

#include "fastphoto/engine/runtime.h"
#include "fastphoto/export.h"

namespace fastphoto {

struct OnnxRuntimeOptions {
  /// The shared library: a file, or a folder that holds it, such as `onnxruntime/capi` of an installed wheel. Empty:
  /// the one already loaded in this process, else $FASTPHOTO_ONNXRUNTIME, else what the system's loader finds.
  std::filesystem::path library;

  enum class Device : std::uint8_t {
    Auto,  ///< CUDA if it works, else the CPU; the report says why
    Cpu,
    Cuda,  ///< or Error(Device)
  };
  Device device = Device::Auto;

  int threads = 0;  ///< CPU threads of each graph, at most one a core; 0: the runtime's choice, the physical cores

  enum class Precision : std::uint8_t {
    Auto,     ///< Float16 on CUDA, Float32 on the CPU
    Float32,  ///< everywhere
    Float16,  ///< for the convolutions that the model's export has marked
  };
  Precision precision = Precision::Auto;
};

/// A runtime with one arena of memory for all graphs that it opens.
///
/// What is global: the library stays loaded; all runtimes on one library share its environment and the arena, which end
/// with the last of them; the environment variable ORT_DISABLE_TELEMETRY is set to 1 unless it is set already. Where
/// other threads may read the environment at that moment, set the variable before you start them.
///
/// A child of fork() may not use a runtime that its parent opened: every call throws Error(Device). It may open its own
/// if the parent had none at the time of the fork.
/// @throws Error(Device) if the library is missing, too old or broken, or CUDA was asked for and cannot be used.
FASTPHOTO_ONNXRUNTIME_API std::shared_ptr<Runtime> open_onnxruntime(const OnnxRuntimeOptions& options = {});

}  // namespace fastphoto
