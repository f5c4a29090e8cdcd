// SPDX-License-Identifier: Apache-2.0
//
// The engine's Runtime on ONNX Runtime's C API. The only file that includes the API's header.
#include "fastphoto/onnxruntime.h"

#include <onnxruntime_c_api.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/process_id.h"
#include "fastphoto/error.h"
#include "onnxruntime/cuda_libraries.h"
#include "onnxruntime/half_precision.h"
#include "onnxruntime/library_search.h"

namespace fastphoto {
namespace {

// ONNX Runtime 1.20: the oldest that the Python package accepts. Functions that came later are not used, so that the
// headers may be newer than the library.
constexpr std::uint32_t needed_api = 20;
static_assert(needed_api <= ORT_API_VERSION, "the headers of ONNX Runtime are older than 1.20");

constexpr int fatal_only = 4;  // the runtime's levels of logging: what matters comes back as an error

// A failure that the runtime reports, in its words.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// ---- Devices --------------------------------------------------------------------------------------------------------

struct DeviceKind {
  const char* name;
  const char* provider;
  const char* memory;          // the runtime's name of the device's memory
  std::size_t arena_strategy;  // how an arena grows
};
// An arena on the CPU grows by powers of two (0): that leaves fewer gaps, and pages cost nothing until they are written
// to. On CUDA it grows by what is requested (1).
constexpr DeviceKind cpu{"cpu", "CPUExecutionProvider", "Cpu", 0};
constexpr DeviceKind cuda{"cuda", "CUDAExecutionProvider", "Cuda", 1};

// TF32 keeps 10 bits of mantissa: too few for covariances. One stream and no search for algorithms in each run suit a
// chain of graphs. An arena keeps what one photo took, so a second of that size allocates nothing; rounded up to powers
// of two that would be up to twice as much.
constexpr std::array<const char*, 4> cuda_option_names{"use_tf32", "cudnn_conv_algo_search",
                                                       "do_copy_in_default_stream", "arena_extend_strategy"};
constexpr std::array<const char*, 4> cuda_option_values{"0", "HEURISTIC", "1", "kSameAsRequested"};

// ---- Environment ----------------------------------------------------------------------------------------------------

// How many environments there are or are being made, and in which process. A child of fork() inherits both numbers, but
// no threads: whatever is locked then stays locked.
std::atomic<int> environments{0};
std::atomic<std::int64_t> environments_process{0};

struct EnvironmentCount {
  EnvironmentCount() {
    if (environments > 0 && environments_process != process_id()) {
      throw Error(ErrorKind::Device,
                  "ONNX Runtime is in use in the process that this one was forked from; expected it to be opened after "
                  "the fork, or in a new process (spawn)");
    }
    environments_process = process_id();
    ++environments;
  }
  ~EnvironmentCount() { --environments; }
  EnvironmentCount(const EnvironmentCount&) = delete;
  EnvironmentCount& operator=(const EnvironmentCount&) = delete;
};

// The runtime's own environment: one in a process for each library, shared by all Runtimes on it.
class Environment {
 public:
  // The environment of the library at that path, as load_onnxruntime() understands it.
  static std::shared_ptr<Environment> open(const std::filesystem::path& library);

  explicit Environment(const OnnxRuntimeLibrary& library);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  const OrtApi& api() const { return *api_; }
  OrtEnv* get() const { return environment_; }
  OrtAllocator* allocator() const { return allocator_; }
  const OrtMemoryInfo* host_memory() const { return host_memory_; }
  const std::filesystem::path& library() const { return library_; }

  // Whether this process is a child of the one that made the environment.
  bool is_inherited() const { return process_ != process_id(); }
  void require_own_process() const {
    if (is_inherited()) {
      throw Error(ErrorKind::Device,
                  "this runtime was opened in the process that this one was forked from; expected one that was opened "
                  "after the fork");
    }
  }

  // Throws Failure with the message of a status, unless it is null.
  void check(OrtStatus* status) const;

  // Registers an arena, once, for all sessions on that device; whether the runtime made one. The segments of a chain
  // run one after the other: what one has given back the next can use. On the CPU large tensors would else come from
  // the system one by one, and writing to fresh pages takes longer than most operators.
  bool share_arena(const DeviceKind& device);

 private:
  const OrtApi* api_ = nullptr;
  std::filesystem::path library_;
  std::int64_t process_ = process_id();
  EnvironmentCount count_;
  OrtEnv* environment_ = nullptr;
  OrtAllocator* allocator_ = nullptr;
  OrtMemoryInfo* host_memory_ = nullptr;
  std::mutex mutex_;
  std::map<std::string, OrtMemoryInfo*> arenas_;  // by provider; null: the runtime made none
};

// An object of the runtime's with what it takes to release it. In a child of fork() nothing is released: that could
// wait for ever for a lock or a thread.
template <class T>
struct Release {
  std::shared_ptr<Environment> environment;
  void(ORT_API_CALL* release)(T*);
  void operator()(T* object) const {
    if (!environment->is_inherited()) {
      release(object);
    }
  }
};
template <class T>
using Owned = std::unique_ptr<T, Release<T>>;

template <class T>
Owned<T> own(const std::shared_ptr<Environment>& environment, T* object, void(ORT_API_CALL* release)(T*)) {
  return Owned<T>(object, Release<T>{environment, release});
}

void Environment::check(OrtStatus* status) const {
  if (status == nullptr) {
    return;
  }
  std::string message = api_->GetErrorMessage(status);
  api_->ReleaseStatus(status);
  std::replace(message.begin(), message.end(), '\n', ' ');
  throw Failure(message);
}

// From 1.31 on the runtime sends reports to its makers and leaves files in the user's home, unless this is set before
// its environment is made.
void forbid_telemetry() {
#ifdef _WIN32
  if (std::getenv("ORT_DISABLE_TELEMETRY") == nullptr) {
    _putenv_s("ORT_DISABLE_TELEMETRY", "1");
  }
#else
  setenv("ORT_DISABLE_TELEMETRY", "1", 0);  // NOLINT(concurrency-mt-unsafe): the runtime has no other switch
#endif
}

Environment::Environment(const OnnxRuntimeLibrary& library) : library_(library.file) {
  using Entry = const OrtApiBase*(ORT_API_CALL*)();
  const OrtApiBase* base = reinterpret_cast<Entry>(library.entry)();
  api_ = base != nullptr ? base->GetApi(needed_api) : nullptr;
  if (api_ == nullptr) {
    const std::string version = base != nullptr ? base->GetVersionString() : "without a version";
    throw Error(ErrorKind::Device, "found ONNX Runtime " + version + " (" + library_.string() + "), expected 1." +
                                       std::to_string(needed_api) + " or newer");
  }
  try {
    check(api_->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "fastphoto", &environment_));
    check(api_->DisableTelemetryEvents(environment_));
    check(api_->GetAllocatorWithDefaultOptions(&allocator_));
    check(api_->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &host_memory_));
  } catch (const Failure& failure) {
    if (environment_ != nullptr) {
      api_->ReleaseEnv(environment_);
    }
    throw Error(ErrorKind::Device, "ONNX Runtime (" + library_.string() + ") cannot be used: " + failure.what());
  }
}

Environment::~Environment() {
  for (const auto& [provider, memory] : arenas_) {
    if (memory != nullptr) {
      // A host that shares the environment with us may register its own from now on.
      if (OrtStatus* status = api_->UnregisterAllocator(environment_, memory)) {
        api_->ReleaseStatus(status);
      }
      api_->ReleaseMemoryInfo(memory);
    }
  }
  api_->ReleaseMemoryInfo(host_memory_);
  api_->ReleaseEnv(environment_);
}

bool Environment::share_arena(const DeviceKind& device) {
  const std::scoped_lock lock(mutex_);
  const auto [entry, is_new] = arenas_.try_emplace(device.provider, nullptr);
  if (!is_new) {
    return entry->second != nullptr;
  }
  const std::array<const char*, 1> names{"arena_extend_strategy"};
  const std::array<std::size_t, 1> values{device.arena_strategy};
  OrtMemoryInfo* memory = nullptr;
  OrtArenaCfg* settings = nullptr;
  try {
    check(api_->CreateMemoryInfo(device.memory, OrtArenaAllocator, 0, OrtMemTypeDefault, &memory));
    check(api_->CreateArenaCfgV2(names.data(), values.data(), names.size(), &settings));
    check(api_->CreateAndRegisterAllocatorV2(environment_, device.provider, memory, settings, nullptr, nullptr, 0));
    entry->second = std::exchange(memory, nullptr);
  } catch (const Failure&) {
    // A host has registered its own, or the device does not work; then a session says what is wrong with it.
  }
  api_->ReleaseArenaCfg(settings);
  api_->ReleaseMemoryInfo(memory);
  return entry->second != nullptr;
}

// All environments of the process, by their library's entry, with the number of their users. Never destroyed, since a
// Runtime may live until the process ends.
struct Environments {
  struct Slot {
    std::unique_ptr<Environment> environment;
    int users = 0;
  };
  std::mutex mutex;
  std::map<void*, Slot> slots;

  static Environments& all() {
    static Environments& instance = *new Environments;
    return instance;
  }
};

std::shared_ptr<Environment> Environment::open(const std::filesystem::path& library) {
  const EnvironmentCount opening;  // before the lock, which a child of fork() might inherit
  const std::scoped_lock lock(Environments::all().mutex);
  forbid_telemetry();
  const OnnxRuntimeLibrary loaded = load_onnxruntime(library);
  const auto found = Environments::all().slots.find(loaded.entry);
  const auto slot = found != Environments::all().slots.end()
                        ? found
                        : Environments::all()
                              .slots.emplace(loaded.entry, Environments::Slot{std::make_unique<Environment>(loaded), 0})
                              .first;
  ++slot->second.users;
  return {slot->second.environment.get(), [entry = loaded.entry](Environment* environment) {
            if (environment->is_inherited()) {
              return;
            }
            const std::scoped_lock release_lock(Environments::all().mutex);
            const auto used = Environments::all().slots.find(entry);
            if (--used->second.users == 0) {
              Environments::all().slots.erase(used);
            }
          }};
}

// ---- Tensors --------------------------------------------------------------------------------------------------------

// What the runtime calls an element type.
std::string type_text(ONNXTensorElementDataType type) {
  static const std::map<ONNXTensorElementDataType, const char*> names{
      {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, "float"},       {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, "uint8"},
      {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, "int8"},         {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, "uint16"},
      {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, "int16"},       {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, "int32"},
      {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, "int64"},       {ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, "string"},
      {ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, "bool"},         {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, "float16"},
      {ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, "double"},     {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, "uint32"},
      {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, "uint64"},     {ONNX_TENSOR_ELEMENT_DATA_TYPE_COMPLEX64, "complex64"},
      {ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, "bfloat16"}, {ONNX_TENSOR_ELEMENT_DATA_TYPE_COMPLEX128, "complex128"},
  };
  const auto found = names.find(type);
  return "tensor(" + (found != names.end() ? std::string(found->second) : "type " + std::to_string(type)) + ")";
}

struct TypeAndShape {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::vector<std::int64_t> shape;
};

TypeAndShape type_and_shape(const Environment& environment, const OrtTensorTypeAndShapeInfo* info) {
  TypeAndShape result;
  std::size_t rank = 0;
  environment.check(environment.api().GetTensorElementType(info, &result.type));
  environment.check(environment.api().GetDimensionsCount(info, &rank));
  result.shape.resize(rank);
  environment.check(environment.api().GetDimensions(info, result.shape.data(), rank));
  return result;
}

// An output of a run, in the runtime's memory.
class OrtTensor final : public Tensor {
 public:
  OrtTensor(Owned<OrtValue> value, std::shared_ptr<OrtSession> session, const DeviceKind& device, bool on_device)
      : session_(std::move(session)), value_(std::move(value)), device_(&device) {
    const Environment& home = environment();
    OrtTensorTypeAndShapeInfo* info = nullptr;
    home.check(home.api().GetTensorTypeAndShape(value_.get(), &info));
    const auto owner = own(value_.get_deleter().environment, info, home.api().ReleaseTensorTypeAndShapeInfo);
    TypeAndShape found = type_and_shape(home, info);
    shape_ = std::move(found.shape);
    if (on_device) {
      return;
    }
    if (found.type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
      throw Failure("found an output of type " + type_text(found.type) + " for the host, expected tensor(float)");
    }
    void* data = nullptr;
    home.check(home.api().GetTensorMutableData(value_.get(), &data));
    data_ = static_cast<const float*>(data);
    on_host_ = true;
  }

  std::vector<std::int64_t> shape() const override { return shape_; }

  const float* data() const override {
    if (!on_host_) {
      throw Error(ErrorKind::InvalidArgument, "found a tensor that was left on the device, expected one on the host");
    }
    return data_;
  }

  const OrtValue* value() const { return value_.get(); }
  bool can_enter(const Environment& home, const DeviceKind& device) const {
    return &environment() == &home && device_ == &device;
  }

 private:
  const Environment& environment() const { return *value_.get_deleter().environment; }

  std::shared_ptr<OrtSession> session_;  // on CUDA, memory goes back through the session's provider
  Owned<OrtValue> value_;
  const DeviceKind* device_;
  std::vector<std::int64_t> shape_;
  const float* data_ = nullptr;
  bool on_host_ = false;
};

std::size_t sample_count(const GraphInput& input) {
  std::size_t count = 1;
  for (const std::int64_t extent : input.shape) {
    if (extent < 0) {
      throw Error(ErrorKind::InvalidArgument,
                  "input '" + input.name + "' has an extent of " + std::to_string(extent) + ", expected 0 or more");
    }
    const auto size = static_cast<std::uint64_t>(extent);
    if (size != 0 && count > std::numeric_limits<std::size_t>::max() / sizeof(float) / size) {
      throw Error(ErrorKind::InvalidArgument, "input '" + input.name + "' has more samples than memory can hold");
    }
    count *= static_cast<std::size_t>(size);
  }
  return count;
}

// ---- Graphs ---------------------------------------------------------------------------------------------------------

// Ends a run on a request, as long as it lives.
class StopListener {
 public:
  StopListener(StopSignal* signal, const OrtApi& api, OrtRunOptions* options) : signal_(signal) {
    if (signal_ != nullptr) {
      signal_->listen([&api, options] {
        if (OrtStatus* status = api.RunOptionsSetTerminate(options)) {
          api.ReleaseStatus(status);
        }
      });
    }
  }
  ~StopListener() {
    if (signal_ != nullptr) {
      signal_->forget();
    }
  }
  StopListener(const StopListener&) = delete;
  StopListener& operator=(const StopListener&) = delete;

  void throw_if_requested() const {
    if (signal_ != nullptr && signal_->requested()) {
      throw Error(ErrorKind::Cancelled, "the network was asked to stop");
    }
  }

 private:
  StopSignal* signal_;
};

bool is_out_of_memory(std::string message) {
  std::transform(message.begin(), message.end(), message.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return message.find("allocate") != std::string::npos || message.find("memory") != std::string::npos ||
         message.find("bad_alloc") != std::string::npos;
}

class OrtGraph final : public Graph {
 public:
  OrtGraph(std::shared_ptr<Environment> environment, std::shared_ptr<OrtSession> session, const DeviceKind& device,
           bool has_arena)
      : environment_(std::move(environment)),
        session_(std::move(session)),
        device_(&device),
        shrinks_(has_arena && &device == &cpu),
        device_memory_(memory_of(environment_, device)) {
    const OrtApi& api = environment_->api();
    describe(inputs_, api.SessionGetInputCount, api.SessionGetInputName, api.SessionGetInputTypeInfo);
    describe(outputs_, api.SessionGetOutputCount, api.SessionGetOutputName, api.SessionGetOutputTypeInfo);
  }

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }

  std::vector<std::shared_ptr<Tensor>> run(const std::vector<GraphInput>& inputs,
                                           const std::vector<GraphOutput>& outputs,
                                           const RunOptions& options) override {
    environment_->require_own_process();
    check_names(inputs, inputs_, "input");
    check_names(outputs, outputs_, "output");
    if (inputs.size() != inputs_.size()) {
      throw Error(ErrorKind::InvalidArgument, "the graph was given " + std::to_string(inputs.size()) +
                                                  " inputs, expected " + std::to_string(inputs_.size()));
    }
    try {
      return run_checked(inputs, outputs, options);
    } catch (const Failure& failure) {
      const std::string device = device_->name;
      if (is_out_of_memory(failure.what())) {
        throw Error(ErrorKind::OutOfMemory,
                    "the network ran out of memory on " + device + ": try a smaller max_side (" + failure.what() + ")");
      }
      throw Error(ErrorKind::Network, "the network failed on " + device + ": " + failure.what());
    }
  }

 private:
  static Owned<OrtMemoryInfo> memory_of(const std::shared_ptr<Environment>& environment, const DeviceKind& device) {
    OrtMemoryInfo* memory = nullptr;
    environment->check(
        environment->api().CreateMemoryInfo(device.memory, OrtDeviceAllocator, 0, OrtMemTypeDefault, &memory));
    return own(environment, memory, environment->api().ReleaseMemoryInfo);
  }

  template <class Count, class Name, class Type>
  void describe(std::vector<TensorInfo>& tensors, Count count_of, Name name_of, Type type_of) {
    const OrtApi& api = environment_->api();
    std::size_t count = 0;
    environment_->check(count_of(session_.get(), &count));
    for (std::size_t i = 0; i < count; ++i) {
      TensorInfo tensor;
      char* name = nullptr;
      environment_->check(name_of(session_.get(), i, environment_->allocator(), &name));
      tensor.name = name;
      environment_->check(api.AllocatorFree(environment_->allocator(), name));

      OrtTypeInfo* type = nullptr;
      environment_->check(type_of(session_.get(), i, &type));
      const auto owner = own(environment_, type, api.ReleaseTypeInfo);
      const OrtTensorTypeAndShapeInfo* info = nullptr;
      environment_->check(api.CastTypeInfoToTensorInfo(type, &info));
      if (info != nullptr) {
        TypeAndShape found = type_and_shape(*environment_, info);
        tensor.type = type_text(found.type);
        tensor.shape = std::move(found.shape);
      } else {
        tensor.type = "no tensor";
      }
      tensors.push_back(std::move(tensor));
    }
  }

  // Each name is one of the graph's and comes once.
  template <class Asked>
  static void check_names(const std::vector<Asked>& asked, const std::vector<TensorInfo>& known, const char* kind) {
    for (auto item = asked.begin(); item != asked.end(); ++item) {
      const auto has_name = [&](const auto& other) { return other.name == item->name; };
      if (std::none_of(known.begin(), known.end(), has_name)) {
        std::string names;
        for (const TensorInfo& tensor : known) {
          names += (names.empty() ? "" : ", ") + tensor.name;
        }
        throw Error(ErrorKind::InvalidArgument,
                    "the graph has no " + std::string(kind) + " '" + item->name + "', expected one of " + names);
      }
      if (std::any_of(asked.begin(), item, has_name)) {
        throw Error(ErrorKind::InvalidArgument,
                    "found " + std::string(kind) + " '" + item->name + "' twice, expected it once");
      }
    }
  }

  std::vector<std::shared_ptr<Tensor>> run_checked(const std::vector<GraphInput>& inputs,
                                                   const std::vector<GraphOutput>& outputs,
                                                   const RunOptions& options) const {
    const OrtApi& api = environment_->api();
    OrtRunOptions* run_options = nullptr;
    environment_->check(api.CreateRunOptions(&run_options));
    const auto run_options_owner = own(environment_, run_options, api.ReleaseRunOptions);
    environment_->check(api.RunOptionsSetRunLogSeverityLevel(run_options, fatal_only));
    if (options.shrink_memory && shrinks_) {
      environment_->check(api.AddRunConfigEntry(run_options, "memory.enable_memory_arena_shrinkage", "cpu:0"));
    }
    const StopListener stop(options.stop, api, run_options);
    stop.throw_if_requested();

    OrtIoBinding* binding = nullptr;
    environment_->check(api.CreateIoBinding(session_.get(), &binding));
    const auto binding_owner = own(environment_, binding, api.ReleaseIoBinding);
    for (const GraphInput& input : inputs) {
      bind(binding, input);
    }
    for (const GraphOutput& output : outputs) {
      const OrtMemoryInfo* memory = output.on_device ? device_memory_.get() : environment_->host_memory();
      environment_->check(api.BindOutputToDevice(binding, output.name.c_str(), memory));
    }
    try {
      environment_->check(api.RunWithBinding(session_.get(), run_options, binding));
    } catch (const Failure&) {
      stop.throw_if_requested();
      throw;
    }
    stop.throw_if_requested();
    return results(binding, outputs);
  }

  void bind(OrtIoBinding* binding, const GraphInput& input) const {
    const OrtApi& api = environment_->api();
    if (input.tensor != nullptr) {
      const auto* tensor = dynamic_cast<const OrtTensor*>(input.tensor.get());
      if (tensor == nullptr || !tensor->can_enter(*environment_, *device_)) {
        throw Error(ErrorKind::InvalidArgument,
                    "input '" + input.name + "' is a tensor of another runtime, expected one of the same runtime");
      }
      environment_->check(api.BindInput(binding, input.name.c_str(), tensor->value()));
      return;
    }
    const std::size_t count = sample_count(input);
    if (input.samples == nullptr && count > 0) {
      throw Error(ErrorKind::InvalidArgument, "input '" + input.name + "' has no samples and no tensor, expected one");
    }
    OrtValue* value = nullptr;
    // The runtime only reads inputs.
    environment_->check(api.CreateTensorWithDataAsOrtValue(
        environment_->host_memory(), const_cast<float*>(input.samples), count * sizeof(float), input.shape.data(),
        input.shape.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value));
    const auto owner = own(environment_, value, api.ReleaseValue);
    environment_->check(api.BindInput(binding, input.name.c_str(), value));  // the binding shares the value
  }

  std::vector<std::shared_ptr<Tensor>> results(const OrtIoBinding* binding,
                                               const std::vector<GraphOutput>& outputs) const {
    const OrtApi& api = environment_->api();
    OrtValue** values = nullptr;
    std::size_t count = 0;
    environment_->check(api.GetBoundOutputValues(binding, environment_->allocator(), &values, &count));
    std::vector<Owned<OrtValue>> owned;
    owned.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      owned.push_back(own(environment_, values[i], api.ReleaseValue));
    }
    if (values != nullptr) {
      environment_->check(api.AllocatorFree(environment_->allocator(), static_cast<void*>(values)));
    }
    if (count != outputs.size()) {
      throw Failure("found " + std::to_string(count) + " outputs, expected " + std::to_string(outputs.size()));
    }
    std::vector<std::shared_ptr<Tensor>> tensors;
    tensors.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      tensors.push_back(std::make_shared<OrtTensor>(std::move(owned[i]), session_, *device_, outputs[i].on_device));
    }
    return tensors;
  }

  std::shared_ptr<Environment> environment_;
  std::shared_ptr<OrtSession> session_;
  const DeviceKind* device_;
  bool shrinks_;
  Owned<OrtMemoryInfo> device_memory_;
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
};

// ---- The runtime ----------------------------------------------------------------------------------------------------

// The part of an error of CUDA's that says something: the call that failed.
std::string short_reason(const std::string& message) {
  std::size_t begin = std::string::npos;
  for (const char* mark : {"CUDA failure ", "CUDNN failure ", "CUBLAS failure ", "Failed to "}) {
    begin = std::min(begin, message.find(mark));
  }
  const std::string found = begin != std::string::npos ? message.substr(begin) : message;
  return found.substr(0, std::min<std::size_t>(found.find(';'), 200));
}

class OnnxRuntime final : public Runtime {
 public:
  explicit OnnxRuntime(const OnnxRuntimeOptions& options)
      : environment_(Environment::open(options.library)), options_(options) {
    using Device = OnnxRuntimeOptions::Device;
    using Precision = OnnxRuntimeOptions::Precision;
    const std::string reason(options.device == Device::Cpu ? "asked for" : why_no_cuda());
    if (!reason.empty() && options.device == Device::Cuda) {
      refuse_cuda(reason);
    }
    const char* requested = options.device == Device::Auto ? "auto" : options.device == Device::Cpu ? "cpu" : "cuda";
    const char* on_cpu = options.precision == Precision::Float16 ? "float16" : "float32";
    const char* on_cuda = options.precision == Precision::Float32 ? "float32" : "float16";
    cpu_report_ = {requested, cpu.name, cpu.provider, reason, on_cpu};
    cuda_report_ = {requested, cuda.name, cuda.provider, "CUDA works", on_cuda};
    uses_cuda_ = reason.empty();
    if (uses_cuda_) {
      load_cuda_libraries(environment_->library());
    }
  }

  std::unique_ptr<Graph> open(const std::string& file, std::string_view bytes) override {
    environment_->require_own_process();
    const std::scoped_lock lock(mutex_);
    if (uses_cuda_) {
      try {
        auto graph = create(file, bytes, cuda);
        has_opened_ = true;
        return graph;
      } catch (const Failure& failure) {
        return open_without_cuda(file, bytes, "CUDA cannot be used: " + short_reason(failure.what()));
      }
    }
    return create_on_cpu(file, bytes);
  }

  DeviceReport device() const override {
    environment_->require_own_process();
    const std::scoped_lock lock(mutex_);
    return report();
  }

 private:
  const DeviceReport& report() const { return uses_cuda_ ? cuda_report_ : cpu_report_; }

  [[noreturn]] static void refuse_cuda(const std::string& reason) {
    throw Error(ErrorKind::Device, "device 'cuda' was asked for, but " + reason);
  }

  // The reason why CUDA cannot be used, as far as can be told without a session; empty if there is none.
  std::string_view why_no_cuda() const {
    const OrtApi& api = environment_->api();
    char** providers = nullptr;
    int count = 0;
    environment_->check(api.GetAvailableProviders(&providers, &count));
    const bool found = std::find(providers, providers + count, std::string(cuda.provider)) != providers + count;
    environment_->check(api.ReleaseAvailableProviders(providers, count));
    if (!found) {
      return "ONNX Runtime's library has no CUDA provider (that of onnxruntime-gpu has)";
    }
    return has_nvidia_driver() ? "" : "no NVIDIA driver found";
  }

  // A model that is none fails on the CPU as well; else CUDA is what does not work.
  std::unique_ptr<Graph> open_without_cuda(const std::string& file, std::string_view bytes, const std::string& reason) {
    auto graph = create_on_cpu(file, bytes);
    if (options_.device == OnnxRuntimeOptions::Device::Cuda) {
      refuse_cuda(reason);
    }
    if (has_opened_) {
      // Tensors of the graphs before are on the GPU.
      throw Error(ErrorKind::Device, "other graphs run on CUDA, but for " + file + " " + reason);
    }
    cpu_report_.reason = reason;
    uses_cuda_ = false;
    return graph;
  }

  std::unique_ptr<Graph> create_on_cpu(const std::string& file, std::string_view bytes) {
    try {
      return create(file, bytes, cpu);
    } catch (const Failure& failure) {
      throw Error(ErrorKind::Model, file + " is not a usable ONNX file: " + failure.what());
    }
  }

  std::unique_ptr<Graph> create(const std::string& file, std::string_view bytes, const DeviceKind& device) {
    const OrtApi& api = environment_->api();
    OrtSessionOptions* options = nullptr;
    environment_->check(api.CreateSessionOptions(&options));
    const auto options_owner = own(environment_, options, api.ReleaseSessionOptions);
    environment_->check(api.SetSessionLogSeverityLevel(options, fatal_only));
    // An arena for each session, and planning each graph's tensors as one block, would take memory several times.
    environment_->check(api.DisableCpuMemArena(options));
    environment_->check(api.DisableMemPattern(options));
    if (&device == &cuda) {
      append_cuda(options);  // before the arena: the runtime ends the process if one is asked for where CUDA is missing
    }
    const bool has_arena = environment_->share_arena(device);
    if (has_arena) {
      environment_->check(api.AddSessionConfigEntry(options, "session.use_env_allocators", "1"));
    }
    environment_->check(api.SetIntraOpNumThreads(options, thread_count()));
    std::string half;
    if ((&device == &cuda ? cuda_report_ : cpu_report_).precision == "float16") {
      half = in_half_precision_of(file, bytes);
      bytes = half;
    }
    OrtSession* session = nullptr;
    environment_->check(api.CreateSessionFromArray(environment_->get(), bytes.data(), bytes.size(), options, &session));
    const std::shared_ptr<OrtSession> shared(session, Release<OrtSession>{environment_, api.ReleaseSession});
    return std::make_unique<OrtGraph>(environment_, shared, device, has_arena);
  }

  void append_cuda(OrtSessionOptions* options) const {
    const OrtApi& api = environment_->api();
    OrtCUDAProviderOptionsV2* provider = nullptr;
    environment_->check(api.CreateCUDAProviderOptions(&provider));
    const auto owner = own(environment_, provider, api.ReleaseCUDAProviderOptions);
    environment_->check(api.UpdateCUDAProviderOptions(provider, cuda_option_names.data(), cuda_option_values.data(),
                                                      cuda_option_names.size()));
    environment_->check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, provider));
  }

  static std::string in_half_precision_of(const std::string& file, std::string_view bytes) {
    try {
      return in_half_precision(bytes);
    } catch (const Error& error) {
      throw Error(ErrorKind::Model, file + " is not a usable ONNX file: " + error.what());
    }
  }

  // The runtime's threads wait by spinning: with more of them than cores a photo would take minutes.
  int thread_count() const {
    const auto cores = static_cast<int>(std::thread::hardware_concurrency());
    return cores > 0 ? std::min(options_.threads, cores) : options_.threads;
  }

  std::shared_ptr<Environment> environment_;
  OnnxRuntimeOptions options_;
  mutable std::mutex mutex_;
  DeviceReport cpu_report_;
  DeviceReport cuda_report_;
  bool uses_cuda_ = false;
  bool has_opened_ = false;
};

}  // namespace

std::shared_ptr<Runtime> open_onnxruntime(const OnnxRuntimeOptions& options) {
  if (options.threads < 0) {
    throw Error(ErrorKind::InvalidArgument,
                "threads must be 0 (automatic) or more, got " + std::to_string(options.threads));
  }
  try {
    return std::make_shared<OnnxRuntime>(options);
  } catch (const Failure& failure) {
    throw Error(ErrorKind::Device, std::string("ONNX Runtime cannot be used: ") + failure.what());
  }
}

}  // namespace fastphoto
