// SPDX-License-Identifier: Apache-2.0
//
// What the engine needs of a machine-learning runtime. Component onnxruntime implements it; so does the Python package,
// with the onnxruntime that is installed there; so can a host, with its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fastphoto/engine/report.h"
#include "fastphoto/export.h"

namespace fastphoto {

/// A tensor of a runtime: opaque, and on the device as long as the runtime likes.
class FASTPHOTO_ENGINE_API Tensor {
 public:
  virtual ~Tensor() = default;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  /// Extents, known once the graph has run.
  virtual std::vector<std::int64_t> shape() const = 0;

  /// float32 samples without gaps, as long as the tensor lives. Only of outputs that were asked for on the host.
  virtual const float* data() const = 0;

 protected:
  Tensor() = default;
};

/// An input or output as a graph declares it.
struct TensorInfo {
  std::string name;
  std::string type;                 ///< as ONNX Runtime names it: "tensor(float)", "tensor(uint8)"
  std::vector<std::int64_t> shape;  ///< -1 where the extent depends on the photo
};

/// An input of a run: float32 samples of the caller's, or an output of a run before.
struct GraphInput {
  std::string name;
  const float* samples = nullptr;   ///< without gaps, good until the run returns; or
  std::vector<std::int64_t> shape;  ///< of the samples
  std::shared_ptr<Tensor> tensor;   ///< of the same runtime
};

/// An output that is wanted, and where.
struct GraphOutput {
  std::string name;
  bool on_device = false;  ///< false: float32 on the host
};

/// Asks a run to end early, from another thread.
class FASTPHOTO_ENGINE_API StopSignal {
 public:
  /// Calls what listens, if anything does.
  void request();
  bool requested() const;

  /// For runtimes: what to call on a request; called at once if there was one. Calls it from the thread that requests.
  void listen(std::function<void()> stop);
  void forget();  ///< returns once nothing is being called any more

 private:
  mutable std::mutex mutex_;
  bool requested_ = false;
  std::function<void()> stop_;
};

struct RunOptions {
  bool shrink_memory = false;  ///< afterwards, memory that is not in use goes back to the system
  StopSignal* stop = nullptr;  ///< none: the run cannot be ended early
};

/// An opened graph. run() may be called from several threads at once.
class FASTPHOTO_ENGINE_API Graph {
 public:
  virtual ~Graph() = default;
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  virtual const std::vector<TensorInfo>& inputs() const = 0;
  virtual const std::vector<TensorInfo>& outputs() const = 0;

  /// Runs the graph; returns the outputs in the order in which they were asked for.
  /// @throws Error(Network), Error(OutOfMemory), or Error(Cancelled) if `options.stop` was requested.
  virtual std::vector<std::shared_ptr<Tensor>> run(const std::vector<GraphInput>& inputs,
                                                   const std::vector<GraphOutput>& outputs,
                                                   const RunOptions& options) = 0;

 protected:
  Graph() = default;
};

/// Opens graphs, all on one device.
class FASTPHOTO_ENGINE_API Runtime {
 public:
  virtual ~Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// @param file   the graph's file name, for messages.
  /// @param bytes  an ONNX model; good until open() returns.
  /// @throws Error(Model) if the bytes are no model that can be run, Error(Device) if the device cannot be used.
  virtual std::unique_ptr<Graph> open(const std::string& file, std::string_view bytes) = 0;

  /// The device in use. Final once a graph has been opened.
  virtual DeviceReport device() const = 0;

 protected:
  Runtime() = default;
};

}  // namespace fastphoto
