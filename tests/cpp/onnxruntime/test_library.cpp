// SPDX-License-Identifier: Apache-2.0
//
// How the runtime's library is found, which ones are refused, and what it must not do.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "onnxruntime/child_process.h"
#include "onnxruntime/sample_graphs.h"
#include "onnxruntime/temporary_folder.h"
#include "onnxruntime/thrown_error.h"

using namespace fastphoto;
namespace fs = std::filesystem;

namespace {

ThrownError refusal_of(const fs::path& library) {
  OnnxRuntimeOptions options = runtime_options();
  options.library = library;
  ThrownError error = error_of([&] { open_onnxruntime(options); });
  CAPTURE(error.message);
  CHECK(error.thrown);
  CHECK(error.kind == ErrorKind::Device);
  CHECK_FALSE(error.says("\n"));
  return error;
}

void open_and_run(const OnnxRuntimeOptions& options) {
  const auto runtime = open_onnxruntime(options);
  const auto graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
  CHECK(run_first_segment(*graph, random_photo(16, 16, 1), one_label()).size() == 3);
}

OnnxRuntimeOptions without_library() {
  OnnxRuntimeOptions options;
  options.device = OnnxRuntimeOptions::Device::Cpu;
  return options;
}

}  // namespace

TEST_CASE("libraries that are missing, broken, of something else or too old are one clear error") {
  const TemporaryFolder folder;
  CHECK(refusal_of(folder.path() / "none.so").says("none.so; expected ONNX Runtime's shared library"));
  CHECK(refusal_of(folder.path()).says("expected a folder that holds ONNX Runtime's shared library"));
  std::ofstream(folder.path() / "libonnxruntime.so.1.99.0") << "INPUT(-lm)\n";
  CHECK(refusal_of(folder.path()).says("libonnxruntime.so.1.99.0 cannot be loaded: "));
  CHECK(refusal_of(folder.path() / "libonnxruntime.so.1.99.0").says("cannot be loaded: "));
  CHECK(refusal_of(NO_RUNTIME_LIBRARY).says("which has no function OrtGetApiBase"));
  CHECK(refusal_of(TOO_OLD_LIBRARY).says("found ONNX Runtime 1.2.3 ("));
  CHECK(refusal_of(TOO_OLD_LIBRARY).says("expected 1.20 or newer"));
  open_and_run(runtime_options());  // still possible
}

TEST_CASE("of several libraries in a folder the newest is taken, but a plain name before all") {
  const TemporaryFolder folder;
  for (const char* name : {"libonnxruntime.so.1.9.0", "libonnxruntime.so.1.31.1", "libonnxruntime_providers_cuda.so"}) {
    std::ofstream(folder.path() / name) << "nothing";
  }
  CHECK(refusal_of(folder.path()).says("libonnxruntime.so.1.31.1 cannot"));
  fs::copy_file(TOO_OLD_LIBRARY, folder.path() / "libonnxruntime.so");
  CHECK(refusal_of(folder.path()).says("found ONNX Runtime 1.2.3"));
}

// The following cases are about a whole process, so those that are skipped run in one of their own.
TEST_CASE("child: the library comes from the environment" * doctest::skip()) { open_and_run(without_library()); }

TEST_CASE("child: the library is loaded already" * doctest::skip()) {
  const auto loaded = open_onnxruntime(runtime_options());
  REQUIRE(unsetenv("FASTPHOTO_ONNXRUNTIME") == 0);  // NOLINT(concurrency-mt-unsafe): nothing else runs
  open_and_run(without_library());
}

TEST_CASE("child: a graph is opened and run" * doctest::skip()) {
  open_and_run(runtime_options());
  OnnxRuntimeOptions any_device = runtime_options();
  any_device.device = OnnxRuntimeOptions::Device::Auto;
  open_and_run(any_device);
  const auto runtime = open_onnxruntime(any_device);
  CHECK(error_of([&] { runtime->open("none.onnx", "not a model"); }).thrown);
}

TEST_CASE("child: a runtime lives until the process ends" * doctest::skip()) {
  static const std::shared_ptr<Runtime> runtime = open_onnxruntime(runtime_options());
  static const std::unique_ptr<Graph> graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
  static const auto outputs = run_first_segment(*graph, random_photo(16, 16, 1), one_label());
  CHECK(outputs.size() == 3);
}

TEST_CASE("without a path, the library comes from the environment or is the one that is loaded") {
  const std::string assignment = "FASTPHOTO_ONNXRUNTIME='" + runtime_options().library.string() + "'";
  CHECK(run_test_case("child: the library comes from the environment", assignment).status == 0);
  CHECK(run_test_case("child: the library is loaded already", assignment).status == 0);
  const std::string wrong = "FASTPHOTO_ONNXRUNTIME=/no/such/library";
  CHECK(run_test_case("child: the library comes from the environment", wrong).status == 1);
}

TEST_CASE("nothing is printed, and nothing is left in the user's home") {
  const TemporaryFolder home;
  const std::string assignments = "-u ORT_DISABLE_TELEMETRY -u XDG_CACHE_HOME HOME='" + home.path().string() +
                                  "' FASTPHOTO_ONNXRUNTIME='" + runtime_options().library.string() + "'";
  const ChildResult child = run_test_case("child: a graph is opened and run", assignments);
  CHECK(child.status == 0);
  CHECK(child.output.empty());
  CHECK(fs::is_empty(home.path()));
}

TEST_CASE("a runtime may live until the process ends") {
  const ChildResult child = run_test_case("child: a runtime lives until the process ends",
                                          "FASTPHOTO_ONNXRUNTIME='" + runtime_options().library.string() + "'");
  CHECK(child.status == 0);
  CHECK(child.output.empty());
}
