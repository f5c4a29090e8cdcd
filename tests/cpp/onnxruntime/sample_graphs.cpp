// SPDX-License-Identifier: Apache-2.0
//
// Reads the embedded models' graphs and makes their inputs.
#include "onnxruntime/sample_graphs.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <random>

using namespace fastphoto;

OnnxRuntimeOptions runtime_options() {
  const char* named = std::getenv("FASTPHOTO_ONNXRUNTIME");  // NOLINT(concurrency-mt-unsafe): only read
  OnnxRuntimeOptions options;
  options.library = named != nullptr ? named : FASTPHOTO_TEST_ONNXRUNTIME;
  options.device = OnnxRuntimeOptions::Device::Cpu;
  REQUIRE_MESSAGE(!options.library.empty(),
                  "these tests need ONNX Runtime's library: set FASTPHOTO_ONNXRUNTIME to it or its folder, or "
                  "configure with -DFASTPHOTO_TEST_ONNXRUNTIME=<it>");
  return options;
}

std::string graph_bytes(const std::string& model, const std::string& file) {
  std::ifstream stream(std::string(FASTPHOTO_MODELS) + "/" + model + "/" + file, std::ios::binary);
  REQUIRE(stream.good());
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::unique_ptr<Graph> open_graph(Runtime& runtime, const std::string& model, const std::string& file) {
  return runtime.open(file, graph_bytes(model, file));
}

Samples random_photo(std::int64_t height, std::int64_t width, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> noise(0.0F, 0.5F);
  Samples photo{{1, 3, height, width}, {}};
  photo.values.reserve(static_cast<std::size_t>(3 * height * width));
  for (int c = 0; c < 3; ++c) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const float slope = static_cast<float>(c == 0 ? x : y) / static_cast<float>(height + width);
        photo.values.push_back(0.5F * slope + noise(engine));
      }
    }
  }
  return photo;
}

Samples one_label() { return {{1, 1, 1, 1}, {1.0F}}; }

Samples identity_matrix(std::int64_t channels) {
  Samples matrix{{1, channels, channels}, std::vector<float>(static_cast<std::size_t>(channels * channels), 0.0F)};
  for (std::int64_t c = 0; c < channels; ++c) {
    matrix.values[static_cast<std::size_t>(c * channels + c)] = 1.0F;
  }
  return matrix;
}

Samples no_offset(std::int64_t channels) {
  return {{1, channels}, std::vector<float>(static_cast<std::size_t>(channels), 0.0F)};
}

std::vector<float> values_of(const Tensor& tensor) {
  const std::vector<std::int64_t> shape = tensor.shape();
  const auto count = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  return {tensor.data(), tensor.data() + count};
}

std::vector<std::shared_ptr<Tensor>> run_first_segment(Graph& graph, const Samples& photo, const Samples& labels) {
  return graph.run({photo.as("image"), labels.as("next_labels")},
                   {{"features_out", true}, {"mean", false}, {"covariance", false}}, {});
}

std::vector<GraphInput> style_inputs(const Graph& style, const Samples& photo, const Samples& label) {
  std::vector<GraphInput> inputs;
  for (const TensorInfo& input : style.inputs()) {
    inputs.push_back((input.name == "image" ? photo : label).as(input.name));
  }
  return inputs;
}

std::vector<GraphOutput> all_outputs(const Graph& graph) {
  std::vector<GraphOutput> outputs;
  for (const TensorInfo& output : graph.outputs()) {
    outputs.push_back({output.name, false});
  }
  return outputs;
}
