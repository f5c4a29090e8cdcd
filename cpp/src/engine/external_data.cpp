// SPDX-License-Identifier: Apache-2.0
//
// Looks at every tensor of an ONNX model: initialisers, sparse ones, attributes of nodes, and those of graphs inside
// nodes and functions.
//
// Fields as numbered in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
#include "engine/external_data.h"

#include <algorithm>
#include <vector>

#include "base/protobuf.h"
#include "fastphoto/error.h"

namespace fastphoto {

namespace {

using protobuf::Field;
using protobuf::fields;
using protobuf::values;

constexpr std::uint64_t model_graph = 7;
constexpr std::uint64_t model_function = 25;
constexpr std::uint64_t function_node = 7;
constexpr std::uint64_t graph_node = 1;
constexpr std::uint64_t graph_initializer = 5;
constexpr std::uint64_t graph_sparse_initializer = 15;
constexpr std::uint64_t sparse_values = 1;
constexpr std::uint64_t sparse_indices = 2;
constexpr std::uint64_t node_attribute = 5;
constexpr std::uint64_t attribute_tensor = 5;
constexpr std::uint64_t attribute_graph = 6;
constexpr std::uint64_t attribute_tensors = 10;
constexpr std::uint64_t attribute_graphs = 11;
constexpr std::uint64_t tensor_external_data = 13;
constexpr std::uint64_t tensor_data_location = 14;
constexpr char data_location_default = 0;

bool is_external(std::string_view tensor) {
  const std::vector<Field> found = fields(tensor);
  return std::any_of(found.begin(), found.end(), [](const Field& field) {
    const bool elsewhere = field.number == tensor_data_location && field.wire_type == protobuf::Varint &&
                           (field.value.size() != 1 || field.value.front() != data_location_default);
    return elsewhere || field.number == tensor_external_data;
  });
}

bool any_external(const std::vector<Field>& message, std::uint64_t number) {
  const std::vector<std::string_view> tensors = values(message, number);
  return std::any_of(tensors.begin(), tensors.end(), is_external);
}

/// Looks at the tensors of a node's attributes and hands the graphs in them to `graphs`.
bool node_has_external(std::string_view node, std::vector<std::string_view>& graphs) {
  for (const std::string_view attribute : values(fields(node), node_attribute)) {
    const std::vector<Field> found = fields(attribute);
    if (any_external(found, attribute_tensor) || any_external(found, attribute_tensors)) {
      return true;
    }
    for (const std::uint64_t number : {attribute_graph, attribute_graphs}) {
      const std::vector<std::string_view> inner = values(found, number);
      graphs.insert(graphs.end(), inner.begin(), inner.end());
    }
  }
  return false;
}

bool sparse_has_external(std::string_view sparse) {
  const std::vector<Field> parts = fields(sparse);
  return any_external(parts, sparse_values) || any_external(parts, sparse_indices);
}

bool graph_has_external(std::string_view graph, std::vector<std::string_view>& graphs) {
  const std::vector<Field> found = fields(graph);
  const std::vector<std::string_view> sparse = values(found, graph_sparse_initializer);
  const std::vector<std::string_view> nodes = values(found, graph_node);
  return any_external(found, graph_initializer) || std::any_of(sparse.begin(), sparse.end(), sparse_has_external) ||
         std::any_of(nodes.begin(), nodes.end(),
                     [&graphs](std::string_view node) { return node_has_external(node, graphs); });
}

}  // namespace

bool has_external_data(std::string_view model) {
  try {
    const std::vector<Field> found = fields(model);
    std::vector<std::string_view> graphs = values(found, model_graph);
    for (const std::string_view function : values(found, model_function)) {
      for (const std::string_view node : values(fields(function), function_node)) {
        if (node_has_external(node, graphs)) {
          return true;
        }
      }
    }
    while (!graphs.empty()) {  // graphs within graphs come in as they are found
      const std::string_view graph = graphs.back();
      graphs.pop_back();
      if (graph_has_external(graph, graphs)) {
        return true;
      }
    }
  } catch (const Error&) {
    return false;
  }
  return false;
}

}  // namespace fastphoto
