// SPDX-License-Identifier: Apache-2.0
//
// The embedded models' graphs, small photos for them, and the runtime to test.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fastphoto/onnxruntime.h"

/// Options with the library of $FASTPHOTO_ONNXRUNTIME, or else of -DFASTPHOTO_TEST_ONNXRUNTIME; the test fails if
/// neither is set.
fastphoto::OnnxRuntimeOptions runtime_options();

/// The bytes of a graph of an embedded model: graph_bytes("photowct-lite", "segment_0.onnx").
std::string graph_bytes(const std::string& model, const std::string& file);

std::unique_ptr<fastphoto::Graph> open_graph(fastphoto::Runtime& runtime, const std::string& model,
                                             const std::string& file);

/// Samples with the shape that the runtime is given.
struct Samples {
  std::vector<std::int64_t> shape;
  std::vector<float> values;

  fastphoto::GraphInput as(const std::string& name) const { return {name, values.data(), shape, nullptr}; }
};

/// 1 x 3 x height x width, with gradients and noise in 0..1.
Samples random_photo(std::int64_t height, std::int64_t width, unsigned seed);

/// The weights of a photo without a mask.
Samples one_label();

/// 1 x channels x channels identity, and 1 x channels zeros: alignments that change nothing.
Samples identity_matrix(std::int64_t channels);
Samples no_offset(std::int64_t channels);

/// The samples of a tensor on the host.
std::vector<float> values_of(const fastphoto::Tensor& tensor);

/// Runs a model's segment_0 on a photo: features (left on the device), mean, covariance.
std::vector<std::shared_ptr<fastphoto::Tensor>> run_first_segment(fastphoto::Graph& graph, const Samples& photo,
                                                                  const Samples& labels);

/// Inputs of a style graph without a mask. The samples must live as long as they are used.
std::vector<fastphoto::GraphInput> style_inputs(const fastphoto::Graph& style, const Samples& photo,
                                                const Samples& label);

/// All outputs of a graph, on the host.
std::vector<fastphoto::GraphOutput> all_outputs(const fastphoto::Graph& graph);
