// SPDX-License-Identifier: Apache-2.0
//
// Finds the marked casts of an ONNX model and changes their target, in place: only the number of a type changes.
//
// ONNX files are Protocol Buffers: https://protobuf.dev/programming-guides/encoding/, fields as numbered in
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
#include "onnxruntime/half_precision.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/protobuf.h"
#include "fastphoto/error.h"

namespace fastphoto {
namespace {

constexpr std::string_view compute_cast = "compute_cast";
constexpr char float32_type = 1;   // onnx.TensorProto.DataType
constexpr char float16_type = 10;  // onnx.TensorProto.DataType

// Numbers of fields in onnx.proto.
constexpr std::uint64_t model_graph = 7;
constexpr std::uint64_t graph_node = 1;
constexpr std::uint64_t node_name = 3;
constexpr std::uint64_t node_operator = 4;
constexpr std::uint64_t node_attribute = 5;
constexpr std::uint64_t attribute_name = 1;
constexpr std::uint64_t attribute_integer = 3;

bool holds_only(const std::vector<std::string_view>& found, std::string_view expected) {
  return found.size() == 1 && found.front() == expected;
}

bool is_marked(const std::vector<protobuf::Field>& node) {
  const auto names = protobuf::values(node, node_name);
  return holds_only(protobuf::values(node, node_operator), "Cast") && !names.empty() &&
         names.front().substr(0, compute_cast.size()) == compute_cast;
}

}  // namespace

std::string in_half_precision(std::string_view model) {
  std::string changed(model);
  for (const std::string_view graph : protobuf::values(protobuf::fields(model), model_graph)) {
    for (const std::string_view bytes : protobuf::values(protobuf::fields(graph), graph_node)) {
      const std::vector<protobuf::Field> node = protobuf::fields(bytes);
      if (!is_marked(node)) {
        continue;
      }
      for (const std::string_view attribute_bytes : protobuf::values(node, node_attribute)) {
        const std::vector<protobuf::Field> attribute = protobuf::fields(attribute_bytes);
        if (!holds_only(protobuf::values(attribute, attribute_name), "to")) {
          continue;
        }
        for (const protobuf::Field& field : attribute) {
          if (field.number == attribute_integer && field.wire_type == protobuf::Varint && field.value.size() == 1 &&
              field.value.front() == float32_type) {
            changed[static_cast<std::size_t>(field.value.data() - model.data())] = float16_type;
          }
        }
      }
    }
  }
  return changed;
}

}  // namespace fastphoto
