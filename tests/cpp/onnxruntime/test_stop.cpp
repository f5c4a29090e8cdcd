// SPDX-License-Identifier: Apache-2.0
//
// A run ends early when it is asked to.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>

#include "onnxruntime/sample_graphs.h"
#include "onnxruntime/thrown_error.h"

using namespace fastphoto;

TEST_CASE("a run that was asked to stop before does not start") {
  const auto runtime = open_onnxruntime(runtime_options());
  const auto graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
  StopSignal stop;
  stop.request();
  RunOptions options;
  options.stop = &stop;
  const Samples photo = random_photo(16, 16, 1);
  const Samples label = one_label();
  const std::vector<GraphInput> inputs{photo.as("image"), label.as("next_labels")};
  CHECK(error_of([&] { graph->run(inputs, {{"mean", false}}, options); }).kind == ErrorKind::Cancelled);
  CHECK(graph->run(inputs, {{"mean", false}}, {}).size() == 1);
}

TEST_CASE("a long run ends within a second after a request") {
  OnnxRuntimeOptions runtime_with_one_thread = runtime_options();
  runtime_with_one_thread.threads = 1;
  const auto runtime = open_onnxruntime(runtime_with_one_thread);
  const auto graph = open_graph(*runtime, "photowct-lite", "style.onnx");
  const Samples photo = random_photo(1536, 2048, 2);  // takes seconds
  const Samples label = one_label();
  StopSignal stop;
  // Seconds of the process's own work, so that other programs on the machine do not count.
  std::atomic<std::clock_t> requested{0};
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    requested = std::clock();
    stop.request();
  });
  RunOptions options;
  options.stop = &stop;
  const ThrownError error =
      error_of([&] { graph->run(style_inputs(*graph, photo, label), all_outputs(*graph), options); });
  const std::clock_t ended = std::clock();
  other.join();
  CHECK(error.thrown);
  CHECK(error.kind == ErrorKind::Cancelled);
  CHECK(ended - requested < CLOCKS_PER_SEC);

  const Samples small = random_photo(16, 16, 3);
  CHECK(graph->run(style_inputs(*graph, small, label), all_outputs(*graph), {}).size() == 6);
}
