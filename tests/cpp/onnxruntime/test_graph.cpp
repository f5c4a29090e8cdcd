// SPDX-License-Identifier: Apache-2.0
//
// Graphs of the embedded models on the runtime: what they compute, what passes between them, and what is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "onnxruntime/sample_graphs.h"
#include "onnxruntime/thrown_error.h"

using namespace fastphoto;

namespace {

struct PlainStatistics {
  std::vector<double> mean;
  std::vector<double> covariance;
};

// By their definitions, in float64: one weight for each pixel.
PlainStatistics plain_statistics(const Samples& photo, const std::vector<double>& weights) {
  const auto channels = static_cast<std::size_t>(photo.shape[1]);
  const std::size_t pixels = photo.values.size() / channels;
  const auto sample = [&](std::size_t c, std::size_t i) { return static_cast<double>(photo.values[c * pixels + i]); };
  double total = 0.0;
  for (const double weight : weights) {
    total += weight;
  }
  PlainStatistics result{std::vector<double>(channels, 0.0), std::vector<double>(channels * channels, 0.0)};
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < pixels; ++i) {
      result.mean[c] += weights[i] * sample(c, i) / total;
    }
  }
  for (std::size_t a = 0; a < channels; ++a) {
    for (std::size_t b = 0; b < channels; ++b) {
      for (std::size_t i = 0; i < pixels; ++i) {
        result.covariance[a * channels + b] +=
            weights[i] * (sample(a, i) - result.mean[a]) * (sample(b, i) - result.mean[b]) / total;
      }
    }
  }
  return result;
}

PlainStatistics plain_statistics(const Samples& photo) {
  return plain_statistics(photo, std::vector<double>(photo.values.size() / 3, 1.0));
}

template <class A, class B>
double largest_difference(const A& a, const B& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return largest;
}

double largest(const std::vector<float>& values) {
  double result = 0.0;
  for (const float value : values) {
    result = std::max(result, std::abs(static_cast<double>(value)));
  }
  return result;
}

// The graphs sum in float32, in chunks: means of numbers up to 1 are within a few units of the last place, 6e-8 each.
constexpr double float32_sums = 1e-6;

std::size_t index_of(const std::vector<GraphOutput>& outputs, const std::string& name) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].name == name) {
      return i;
    }
  }
  FAIL("no output " << name);
  return 0;
}

}  // namespace

TEST_CASE("a graph describes its inputs and outputs") {
  const auto runtime = open_onnxruntime(runtime_options());
  const auto graph = open_graph(*runtime, "photowct-lite", "segment_1.onnx");
  REQUIRE(graph->inputs().size() == 5);
  CHECK(graph->inputs()[0].name == "features");
  CHECK(graph->inputs()[0].type == "tensor(float)");
  CHECK(graph->inputs()[0].shape == std::vector<std::int64_t>{1, 3, -1, -1});
  const auto code = std::find_if(graph->outputs().begin(), graph->outputs().end(),
                                 [](const TensorInfo& tensor) { return tensor.name == "code_1_out"; });
  REQUIRE(code != graph->outputs().end());
  CHECK(code->type == "tensor(uint8)");
  CHECK(code->shape == std::vector<std::int64_t>{1, 16, -1, -1});
}

TEST_CASE("the CPU that was asked for is reported") {
  const auto runtime = open_onnxruntime(runtime_options());
  const DeviceReport report = runtime->device();
  CHECK(report.requested == "cpu");
  CHECK(report.used == "cpu");
  CHECK(report.provider == "CPUExecutionProvider");
  CHECK(report.reason == "asked for");
  CHECK(report.precision == "float32");
}

TEST_CASE("statistics of the colours are those of their definition") {
  const auto runtime = open_onnxruntime(runtime_options());
  for (const char* model : {"photowct-lite", "photowct-strong"}) {
    CAPTURE(model);
    const auto graph = open_graph(*runtime, model, "segment_0.onnx");
    for (const auto& [height, width] : {std::pair{48, 64}, std::pair{8, 8}, std::pair{88, 16}}) {
      const Samples photo = random_photo(height, width, 1);
      const auto outputs = run_first_segment(*graph, photo, one_label());
      REQUIRE(outputs.size() == 3);
      CHECK(outputs[0]->shape() == std::vector<std::int64_t>{1, 3, height, width});
      CHECK(outputs[1]->shape() == std::vector<std::int64_t>{1, 3});
      CHECK(outputs[2]->shape() == std::vector<std::int64_t>{1, 3, 3});
      const PlainStatistics expected = plain_statistics(photo);
      CHECK(largest_difference(values_of(*outputs[1]), expected.mean) < float32_sums);
      CHECK(largest_difference(values_of(*outputs[2]), expected.covariance) < float32_sums);
    }
  }
}

TEST_CASE("statistics of two labels are weighted by each label") {
  const auto runtime = open_onnxruntime(runtime_options());
  const auto graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
  const Samples photo = random_photo(40, 24, 2);
  const std::size_t pixels = photo.values.size() / 3;
  Samples labels{{2, 1, 40, 24}, {}};
  labels.values.assign(photo.values.begin(), photo.values.begin() + static_cast<std::ptrdiff_t>(pixels));
  for (std::size_t i = 0; i < pixels; ++i) {
    labels.values.push_back(1.0F - labels.values[i]);
  }
  const auto middle = labels.values.begin() + static_cast<std::ptrdiff_t>(pixels);
  const std::vector<double> first(labels.values.begin(), middle);
  const std::vector<double> second(middle, labels.values.end());
  const auto outputs = run_first_segment(*graph, photo, labels);
  const std::vector<float> mean = values_of(*outputs[1]);
  REQUIRE(mean.size() == 6);
  const auto half = mean.begin() + 3;
  CHECK(largest_difference(std::vector(mean.begin(), half), plain_statistics(photo, first).mean) < float32_sums);
  CHECK(largest_difference(std::vector(half, mean.end()), plain_statistics(photo, second).mean) < float32_sums);
}

TEST_CASE("features pass from one segment to the next on the device") {
  // The style graph computes the same features in one go. Auto takes a GPU where there is one.
  for (const auto device : {OnnxRuntimeOptions::Device::Cpu, OnnxRuntimeOptions::Device::Auto}) {
    OnnxRuntimeOptions options = runtime_options();
    options.device = device;
    options.precision = OnnxRuntimeOptions::Precision::Float32;
    const auto runtime = open_onnxruntime(options);
    for (const char* model : {"photowct-lite", "photowct-strong"}) {
      CAPTURE(model);
      const auto first = open_graph(*runtime, model, "segment_0.onnx");
      const auto second = open_graph(*runtime, model, "segment_1.onnx");
      const auto style = open_graph(*runtime, model, "style.onnx");
      CAPTURE(runtime->device().reason);
      const Samples photo = random_photo(48, 64, 3);
      const Samples label = one_label();
      const Samples matrix = identity_matrix(3);
      const Samples offset = no_offset(3);

      const auto outputs = run_first_segment(*first, photo, label);
      CHECK(error_of([&] { outputs[0]->data(); }).kind == ErrorKind::InvalidArgument);
      GraphInput features;
      features.name = "features";
      features.tensor = outputs[0];
      const auto chained =
          second->run({features, label.as("labels"), matrix.as("matrix"), offset.as("offset"), label.as("next_labels")},
                      {{"covariance", false}, {"code_1_out", true}, {"mean", false}}, {});
      REQUIRE(chained.size() == 3);
      CHECK(chained[1]->shape()[1] == 16);

      const auto wanted = all_outputs(*style);
      const auto direct = style->run(style_inputs(*style, photo, label), wanted, {});
      const std::vector<float> mean = values_of(*direct[index_of(wanted, "mean_relu4_1")]);
      const std::vector<float> covariance = values_of(*direct[index_of(wanted, "covariance_relu4_1")]);
      // The identity is applied as a product of matrices, so features differ in their last places.
      CHECK(largest(covariance) > 0.01);
      CHECK(largest_difference(values_of(*chained[2]), mean) < 1e-5 * largest(mean));
      CHECK(largest_difference(values_of(*chained[0]), covariance) < 1e-5 * largest(covariance));

      const auto colours = values_of(*direct[index_of(wanted, "covariance_colours")]);
      CHECK(largest_difference(colours, plain_statistics(photo).covariance) < float32_sums);
    }
  }
}

TEST_CASE("tensors live on when their graph and runtime are gone") {
  std::vector<std::shared_ptr<Tensor>> outputs;
  const Samples photo = random_photo(16, 16, 4);
  {
    const auto runtime = open_onnxruntime(runtime_options());
    outputs = run_first_segment(*open_graph(*runtime, "photowct-lite", "segment_0.onnx"), photo, one_label());
  }
  CHECK(largest_difference(values_of(*outputs[1]), plain_statistics(photo).mean) < float32_sums);
}

TEST_CASE("two threads run one graph at once") {
  const auto runtime = open_onnxruntime(runtime_options());
  const auto graph = open_graph(*runtime, "photowct-lite", "style.onnx");
  const auto wanted = all_outputs(*graph);
  const Samples label = one_label();
  const auto run = [&](const Samples& photo) {
    std::vector<std::vector<float>> results;
    for (const auto& tensor : graph->run(style_inputs(*graph, photo, label), wanted, {})) {
      results.push_back(values_of(*tensor));
    }
    return results;
  };
  const std::vector<Samples> photos{random_photo(64, 48, 5), random_photo(40, 72, 6)};
  const std::vector<std::vector<std::vector<float>>> alone{run(photos[0]), run(photos[1])};
  std::vector<int> equal(photos.size(), 0);
  std::vector<std::thread> threads;
  threads.reserve(photos.size());
  for (std::size_t i = 0; i < photos.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int repeat = 0; repeat < 5; ++repeat) {
        equal[i] += run(photos[i]) == alone[i] ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(equal == std::vector<int>{5, 5});
}

TEST_CASE("results do not depend on shrinking, on another runtime beside it, or on reopening") {
  const Samples photo = random_photo(56, 40, 7);
  const Samples label = one_label();
  const auto run = [&](Graph& graph, bool shrink) {
    RunOptions options;
    options.shrink_memory = shrink;
    return values_of(*graph.run(style_inputs(graph, photo, label), {{"covariance_relu3_1", false}}, options).front());
  };
  auto runtime = open_onnxruntime(runtime_options());
  auto graph = open_graph(*runtime, "photowct-lite", "style.onnx");
  const std::vector<float> expected = run(*graph, false);
  CHECK(run(*graph, true) == expected);
  const auto other = open_onnxruntime(runtime_options());
  const auto other_graph = open_graph(*other, "photowct-lite", "style.onnx");
  CHECK(run(*other_graph, true) == expected);
  graph.reset();
  runtime = open_onnxruntime(runtime_options());
  graph = open_graph(*runtime, "photowct-lite", "style.onnx");
  CHECK(run(*graph, true) == expected);
}

TEST_CASE("half precision on the CPU differs a little, in marked graphs") {
  OnnxRuntimeOptions options = runtime_options();
  options.precision = OnnxRuntimeOptions::Precision::Float16;
  const auto half = open_onnxruntime(options);
  const auto full = open_onnxruntime(runtime_options());
  CHECK(half->device().precision == "float16");
  // photowct-strong's last segment takes features of 16 channels at full resolution and a photo.
  const auto half_graph = open_graph(*half, "photowct-strong", "segment_5.onnx");
  const auto full_graph = open_graph(*full, "photowct-strong", "segment_5.onnx");
  const Samples label = one_label();
  Samples matrix = identity_matrix(16);
  for (float& value : matrix.values) {
    value *= 1.3F;  // the network decodes what an alignment changes
  }
  const Samples offset = no_offset(16);
  Samples features = random_photo(16, 16, 8);
  features.shape = {1, 16, 16, 16};
  features.values.resize(std::size_t{16} * 16 * 16, 0.25F);
  const Samples photo = random_photo(16, 16, 9);
  std::vector<GraphInput> inputs;
  for (const TensorInfo& input : full_graph->inputs()) {
    const Samples& samples = input.name == "features" ? features
                             : input.name == "labels" ? label
                             : input.name == "matrix" ? matrix
                             : input.name == "offset" ? offset
                                                      : photo;
    inputs.push_back(samples.as(input.name));
  }
  const auto expected = values_of(*full_graph->run(inputs, {{"photo", false}}, {}).front());
  const auto found = values_of(*half_graph->run(inputs, {{"photo", false}}, {}).front());
  const double difference = largest_difference(found, expected);
  CHECK(difference > 0.0);
  CHECK(difference < 0.01);  // 11 bits of mantissa, values around 1, a few layers
}

TEST_CASE("threads: any number runs, a negative one is refused") {
  for (const int threads : {1, 2, 100000}) {
    OnnxRuntimeOptions options = runtime_options();
    options.threads = threads;
    const auto runtime = open_onnxruntime(options);
    const auto graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
    CHECK(run_first_segment(*graph, random_photo(16, 16, 1), one_label()).size() == 3);
  }
  OnnxRuntimeOptions options = runtime_options();
  options.threads = -1;
  const ThrownError error = error_of([&] { open_onnxruntime(options); });
  CHECK(error.kind == ErrorKind::InvalidArgument);
  CHECK(error.says("got -1"));
}

TEST_CASE("bytes that are no model are refused, with the file's name") {
  for (const auto precision : {OnnxRuntimeOptions::Precision::Float32, OnnxRuntimeOptions::Precision::Float16}) {
    OnnxRuntimeOptions options = runtime_options();
    options.precision = precision;
    const auto runtime = open_onnxruntime(options);
    const std::string whole = graph_bytes("photowct-lite", "segment_0.onnx");
    std::string other_operator = whole;
    const std::size_t place = other_operator.find("\x22\x06MatMul");  // a node's operator, field 4 of 6 bytes
    REQUIRE(place != std::string::npos);
    other_operator.replace(place, 8, "\x22\x06MatMux");
    for (const std::string& bytes :
         {std::string(), std::string("not a model"), whole.substr(0, whole.size() / 2), other_operator}) {
      const ThrownError error = error_of([&] { runtime->open("segment_0.onnx", bytes); });
      CAPTURE(error.message);
      CHECK(error.thrown);
      CHECK(error.kind == ErrorKind::Model);
      CHECK(error.says("segment_0.onnx is not a usable ONNX file: "));
      CHECK_FALSE(error.says("\n"));
    }
  }
}

TEST_CASE("wrong inputs and outputs are refused, with what was expected") {
  const auto runtime = open_onnxruntime(runtime_options());
  const auto graph = open_graph(*runtime, "photowct-lite", "segment_0.onnx");
  const Samples photo = random_photo(16, 16, 1);
  const Samples label = one_label();
  const std::vector<GraphOutput> mean{{"mean", false}};
  const auto refusal = [&](const std::vector<GraphInput>& inputs, const std::vector<GraphOutput>& outputs) {
    return error_of([&] { graph->run(inputs, outputs, {}); });
  };

  ThrownError error = refusal({photo.as("picture"), label.as("next_labels")}, mean);
  CHECK(error.kind == ErrorKind::InvalidArgument);
  CHECK(error.says("the graph has no input 'picture', expected one of image, next_labels"));
  CHECK(refusal({photo.as("image")}, mean).says("given 1 inputs, expected 2"));
  CHECK(refusal({photo.as("image"), photo.as("image")}, mean).says("found input 'image' twice"));
  error = refusal({photo.as("image"), label.as("next_labels")}, {{"median", false}});
  CHECK(error.says("the graph has no output 'median'"));

  GraphInput empty;
  empty.name = "image";
  empty.shape = {1, 3, 16, 16};
  CHECK(refusal({empty, label.as("next_labels")}, mean).says("'image' has no samples"));
  GraphInput negative = photo.as("image");
  negative.shape = {1, 3, -16, 16};
  CHECK(refusal({negative, label.as("next_labels")}, mean).says("extent of -16"));
  GraphInput huge = photo.as("image");
  huge.shape = {1, 3, std::int64_t{1} << 40, std::int64_t{1} << 40};
  CHECK(refusal({huge, label.as("next_labels")}, mean).says("more samples than memory can hold"));

  Samples flat = photo;
  flat.shape = {1, 1, 48, 16};
  error = refusal({flat.as("image"), label.as("next_labels")}, mean);
  CHECK(error.kind == ErrorKind::Network);
  CHECK(error.says("the network failed on cpu: "));

  const auto second = open_graph(*runtime, "photowct-lite", "segment_1.onnx");
  const Samples matrix = identity_matrix(3);
  const Samples offset = no_offset(3);
  error = error_of([&] {
    second->run(
        {photo.as("features"), label.as("labels"), matrix.as("matrix"), offset.as("offset"), label.as("next_labels")},
        {{"code_1_out", false}}, {});
  });
  CHECK(error.kind == ErrorKind::Network);
  CHECK(error.says("found an output of type tensor(uint8) for the host, expected tensor(float)"));
}
