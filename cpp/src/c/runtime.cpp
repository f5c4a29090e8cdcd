// SPDX-License-Identifier: Apache-2.0
//
// C API: the runtime of networks and its device.
#include <memory>

#include "c/handles.h"
#include "c/structs.h"
#ifdef FASTPHOTO_HAS_ONNXRUNTIME
#include "fastphoto/onnxruntime.h"
#endif

using namespace fastphoto;     // NOLINT(google-build-using-namespace): this file defines functions of C
using namespace fastphoto::c;  // NOLINT(google-build-using-namespace)

namespace {

fastphoto_runtime_options default_runtime_options() {
  fastphoto_runtime_options options = {};
  options.struct_size = sizeof options;
  return options;
}

#ifdef FASTPHOTO_HAS_ONNXRUNTIME
std::shared_ptr<Runtime> open_runtime(const fastphoto_runtime_options& given) {
  OnnxRuntimeOptions options;
  if (given.library != nullptr) {
    options.library = path_of(given.library);
  }
  options.device = read_enum(given.device, OnnxRuntimeOptions::Device::Cuda, "device");
  options.precision = read_enum(given.precision, OnnxRuntimeOptions::Precision::Float16, "precision");
  options.threads = given.threads;
  return open_onnxruntime(options);
}
#else
std::shared_ptr<Runtime> open_runtime(const fastphoto_runtime_options& /*given*/) {
  throw Error(ErrorKind::Device,
              "found a build of fastphoto without component onnxruntime; expected one that was configured where ONNX "
              "Runtime's headers are found");
}
#endif

}  // namespace

fastphoto_status fastphoto_runtime_options_init(fastphoto_runtime_options* options, size_t struct_size) {
  return initialise(options, struct_size, "fastphoto_runtime_options", default_runtime_options());
}

fastphoto_status fastphoto_runtime_open(const fastphoto_runtime_options* options, fastphoto_runtime** runtime) {
  return guarded_make(runtime, "runtime", [&] {
    return std::make_unique<fastphoto_runtime>(
        fastphoto_runtime{open_runtime(read_options(options, "fastphoto_runtime_options", default_runtime_options()))});
  });
}

// NOLINTNEXTLINE(misc-const-correctness): who frees a handle owns it
void fastphoto_runtime_free(fastphoto_runtime* runtime) { delete runtime; }

const char* fastphoto_device_requested(const fastphoto_device* device) {
  return device != nullptr ? device->report.requested.c_str() : nullptr;
}

const char* fastphoto_device_used(const fastphoto_device* device) {
  return device != nullptr ? device->report.used.c_str() : nullptr;
}

const char* fastphoto_device_provider(const fastphoto_device* device) {
  return device != nullptr ? device->report.provider.c_str() : nullptr;
}

const char* fastphoto_device_reason(const fastphoto_device* device) {
  return device != nullptr ? device->report.reason.c_str() : nullptr;
}

const char* fastphoto_device_precision(const fastphoto_device* device) {
  return device != nullptr ? device->report.precision.c_str() : nullptr;
}

// NOLINTNEXTLINE(misc-const-correctness): who frees a handle owns it
void fastphoto_device_free(fastphoto_device* device) { delete device; }
