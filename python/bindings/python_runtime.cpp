// SPDX-License-Identifier: Apache-2.0
//
// Hands tensors between the engine and Python's runtime; the interpreter's lock is taken here and nowhere else.
#include "python_runtime.h"

#include <pybind11/numpy.h>

#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "fastphoto/error.h"
#include "gil.h"

namespace fastphoto::python {

namespace {

/// A Python object that is let go with the lock held, on whatever thread that happens.
class Kept {
 public:
  explicit Kept(py::object object) : object_(std::move(object)) {}
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  // NOLINTNEXTLINE(bugprone-exception-escape): taking the lock throws only where the interpreter is broken
  ~Kept() {
    if (Py_IsInitialized() != 0) {
      const WithGil locked;
      object_ = py::object();
    } else {
      object_.release();  // the interpreter has gone, and the object with it
    }
  }

  const py::object& get() const { return object_; }

 private:
  py::object object_;
};

/// An array on the host, or whatever Python's runtime calls a tensor.
class PythonTensor final : public Tensor {
 public:
  PythonTensor(const py::object& object, bool on_device) : object_(object) {
    if (on_device) {
      return;
    }
    const auto array = py::array_t<float, py::array::c_style | py::array::forcecast>(object);
    shape_.assign(array.shape(), array.shape() + array.ndim());
    samples_ = array.data();
    array_ = std::make_unique<Kept>(array);
  }

  std::vector<std::int64_t> shape() const override { return shape_; }
  const float* data() const override { return samples_; }
  const py::object& object() const { return object_.get(); }

 private:
  Kept object_;
  std::unique_ptr<Kept> array_;
  std::vector<std::int64_t> shape_;
  const float* samples_ = nullptr;
};

std::vector<TensorInfo> infos(const py::object& nodes) {
  std::vector<TensorInfo> result;
  for (const py::handle node : nodes) {
    TensorInfo info{node.attr("name").cast<std::string>(), node.attr("type").cast<std::string>(), {}};
    for (const py::handle extent : node.attr("shape")) {
      info.shape.push_back(py::isinstance<py::int_>(extent) ? extent.cast<std::int64_t>() : -1);
    }
    result.push_back(std::move(info));
  }
  return result;
}

class PythonGraph final : public Graph {
 public:
  explicit PythonGraph(py::object graph)
      : inputs_(infos(graph.attr("inputs"))), outputs_(infos(graph.attr("outputs"))), graph_(std::move(graph)) {}

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }

  std::vector<std::shared_ptr<Tensor>> run(const std::vector<GraphInput>& inputs,
                                           const std::vector<GraphOutput>& outputs,
                                           const RunOptions& options) override {
    const WithGil locked;
    py::dict const values;
    for (const GraphInput& input : inputs) {
      if (input.tensor != nullptr) {
        values[py::str(input.name)] = static_cast<const PythonTensor&>(*input.tensor).object();
      } else {
        // Borrowed: the engine keeps the samples until run() returns.
        const py::capsule borrowed(input.samples, [](void*) {});
        values[py::str(input.name)] = py::array_t<float>(input.shape, input.samples, borrowed);
      }
    }
    py::list names;
    py::list on_device;
    for (const GraphOutput& output : outputs) {
      names.append(output.name);
      on_device.append(output.on_device);
    }
    const py::object stop =
        options.stop == nullptr ? py::object(py::none()) : py::cast(options.stop, py::return_value_policy::reference);
    const py::sequence found = graph_.get().attr("run")(values, names, on_device, options.shrink_memory, stop);
    std::vector<std::shared_ptr<Tensor>> result;
    result.reserve(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      result.push_back(std::make_shared<PythonTensor>(found[i], outputs[i].on_device));
    }
    return result;
  }

 private:
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
  Kept graph_;
};

class PythonRuntime final : public Runtime {
 public:
  explicit PythonRuntime(py::object runtime) : runtime_(std::move(runtime)) {}

  std::unique_ptr<Graph> open(const std::string& file, std::string_view bytes) override {
    const WithGil locked;
    try {
      return std::make_unique<PythonGraph>(runtime_.get().attr("open")(file, py::bytes(bytes.data(), bytes.size())));
    } catch (py::error_already_set& error) {
      if (error.matches(py::module_::import("fastphoto_native.errors").attr("ModelError"))) {
        throw Error(ErrorKind::Model, py::str(error.value()));  // the engine says of which model
      }
      throw;
    }
  }

  DeviceReport device() const override {
    const WithGil locked;
    const py::object choice = runtime_.get().attr("choice");
    const auto text = [&](const char* name) { return choice.attr(name).cast<std::string>(); };
    return {text("requested"), text("used"), text("provider"), text("reason"), text("precision")};
  }

 private:
  Kept runtime_;
};

}  // namespace

std::shared_ptr<Runtime> python_runtime(py::object runtime) {
  return std::make_shared<PythonRuntime>(std::move(runtime));
}

// NOLINTNEXTLINE(misc-const-correctness): as all functions of bindings.h
void bind_runtime(py::module_& module) {
  module.def("hold_thread", &hold_thread, "Holds a daemon thread where it is: never returns.");
  py::class_<StopSignal>(module, "StopSignal", "A request to end a run early, made from another thread.")
      .def_property_readonly("requested", &StopSignal::requested)
      .def(
          "listen",
          [](StopSignal& signal, const py::function& stop) {
            auto const kept = std::make_shared<Kept>(stop);
            const WithoutGil unlocked;  // who requests may hold the signal and want the lock
            signal.listen([kept] {
              const WithGil locked;
              kept->get()();
            });
          },
          py::arg("stop"), "What to call on a request; called at once if there was one.")
      .def("forget", &StopSignal::forget, py::call_guard<WithoutGil>(), "Ends listening.");
}

}  // namespace fastphoto::python
