// SPDX-License-Identifier: Apache-2.0
//
// Children of fork(): a clear error for what they inherit, a runtime of their own if the parent has none, an end
// always.
#include <doctest/doctest.h>

#include "onnxruntime/child_process.h"
#include "onnxruntime/sample_graphs.h"
#include "onnxruntime/thrown_error.h"

using namespace fastphoto;

namespace {

bool is_refused(const ThrownError& error) {
  return error.thrown && error.kind == ErrorKind::Device && error.says("the process that this one was forked from");
}

}  // namespace

TEST_CASE("a child gets one clear error from what it inherits, and ends") {
  auto runtime = open_onnxruntime(runtime_options());
  auto graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
  const Samples photo = random_photo(16, 16, 1);
  auto outputs = run_first_segment(*graph, photo, one_label());
  const std::string bytes = graph_bytes("photowct-lite", "segment_0.onnx");
  const OnnxRuntimeOptions options = runtime_options();

  const ChildResult child = run_forked([&] {
    int wrong = 0;
    wrong += is_refused(error_of([&] { run_first_segment(*graph, photo, one_label()); })) ? 0 : 1;
    wrong += is_refused(error_of([&] { runtime->open("segment_0.onnx", bytes); })) ? 0 : 2;
    wrong += is_refused(error_of([&] { runtime->device(); })) ? 0 : 4;
    wrong += is_refused(error_of([&] { open_onnxruntime(options); })) ? 0 : 8;
    outputs.clear();
    graph.reset();
    runtime.reset();
    return wrong;
  });
  CHECK(child.status == 0);
  CHECK(child.output.empty());
  CHECK(run_first_segment(*graph, photo, one_label()).size() == 3);  // the parent goes on
}

TEST_CASE("a child that does nothing with what it inherits ends as well") {
  const auto runtime = open_onnxruntime(runtime_options());
  const auto graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
  CHECK(run_forked([] { return 7; }).status == 7);
}

TEST_CASE("a child opens its own runtime if its parent has closed all") {
  {
    open_graph(*open_onnxruntime(runtime_options()), "photowct-lite", "segment_0.onnx");
  }
  const OnnxRuntimeOptions options = runtime_options();
  const std::string bytes = graph_bytes("photowct-lite", "segment_0.onnx");
  const ChildResult child = run_forked([&] {
    const auto runtime = open_onnxruntime(options);
    const auto graph = runtime->open("segment_0.onnx", bytes);
    return run_first_segment(*graph, random_photo(16, 16, 1), one_label()).size() == 3 ? 0 : 1;
  });
  CHECK(child.status == 0);
}
