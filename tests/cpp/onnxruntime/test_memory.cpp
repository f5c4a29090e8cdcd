// SPDX-License-Identifier: Apache-2.0
//
// The arena gives memory back where that is asked for. Sanitizers keep what was freed, so they say nothing about it.
#ifndef FASTPHOTO_SANITIZED
#include <doctest/doctest.h>

#include <fstream>

#include "onnxruntime/child_process.h"
#include "onnxruntime/sample_graphs.h"

using namespace fastphoto;

namespace {

// A line of Linux's account of this process, in megabytes: "VmRSS:" is in use, "VmHWM:" was at most.
double megabytes(const std::string& line) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != line) {
  }
  double kilobytes = 0.0;
  status >> kilobytes;
  return kilobytes / 1000.0;
}

}  // namespace

TEST_CASE("child: memory of a large photo" * doctest::skip()) {
  OnnxRuntimeOptions one_thread = runtime_options();
  one_thread.threads = 1;
  const auto runtime = open_onnxruntime(one_thread);
  const auto graph = open_graph(*runtime, "photowct-lite", "style.onnx");
  const Samples photo = random_photo(1024, 1024, 1);
  const Samples label = one_label();
  const auto run = [&](bool shrink) {
    RunOptions options;
    options.shrink_memory = shrink;
    graph->run(style_inputs(*graph, photo, label), all_outputs(*graph), options);
    return megabytes("VmRSS:");
  };
  const double before = megabytes("VmRSS:");
  const double shrunk = run(true) - before;
  const double peak = megabytes("VmHWM:") - before;
  const double kept = run(false) - before;
  CAPTURE(shrunk);
  CAPTURE(peak);
  CAPTURE(kept);
  CHECK(peak > 100.0);
  CHECK(shrunk < 0.5 * peak);  // blocks of which a part is in use stay
  CHECK(kept > 2.0 * shrunk);
}

TEST_CASE("memory of a large photo comes back if that is asked for, else stays for the next one") {
  const ChildResult child = run_test_case("child: memory of a large photo",
                                          "FASTPHOTO_ONNXRUNTIME='" + runtime_options().library.string() + "'");
  CHECK(child.status == 0);
}

#endif
