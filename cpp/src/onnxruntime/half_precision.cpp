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

#include "fastphoto/error.h"

namespace fastphoto {
namespace {

constexpr std::string_view compute_cast = "compute_cast";
constexpr char float32_type = 1;   // onnx.TensorProto.DataType
constexpr char float16_type = 10;  // onnx.TensorProto.DataType

enum WireType : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

// Numbers of fields in onnx.proto.
constexpr std::uint64_t model_graph = 7;
constexpr std::uint64_t graph_node = 1;
constexpr std::uint64_t node_name = 3;
constexpr std::uint64_t node_operator = 4;
constexpr std::uint64_t node_attribute = 5;
constexpr std::uint64_t attribute_name = 1;
constexpr std::uint64_t attribute_integer = 3;

[[noreturn]] void refuse(const std::string& found) {
  throw Error(ErrorKind::Model, "found " + found + ", expected an ONNX model");
}

struct Field {
  std::uint64_t number;
  std::uint8_t wire_type;
  std::string_view value;
};

// Takes a number of seven bits a byte, lowest first, off the front.
std::uint64_t take_varint(std::string_view& data) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70 && !data.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(data.front());
    data.remove_prefix(1);
    value |= shift < 64 ? static_cast<std::uint64_t>(byte & 0x7FU) << shift : 0U;
    if (byte < 0x80) {
      return value;
    }
  }
  refuse("a number without an end");
}

// The fields of one message.
std::vector<Field> fields(std::string_view message) {
  std::vector<Field> found;
  while (!message.empty()) {
    const std::uint64_t key = take_varint(message);
    const auto wire_type = static_cast<std::uint8_t>(key & 7U);
    std::uint64_t length = 0;
    switch (wire_type) {
      case Varint: {
        std::string_view rest = message;
        take_varint(rest);
        length = message.size() - rest.size();
        break;
      }
      case Bytes:
        length = take_varint(message);
        break;
      case Fixed64:
        length = 8;
        break;
      case Fixed32:
        length = 4;
        break;
      default:
        refuse("a field of wire type " + std::to_string(wire_type));
    }
    if (length > message.size()) {
      refuse("a field of " + std::to_string(length) + " bytes where " + std::to_string(message.size()) + " are left");
    }
    found.push_back({key >> 3U, wire_type, message.substr(0, static_cast<std::size_t>(length))});
    message.remove_prefix(static_cast<std::size_t>(length));
  }
  return found;
}

// The values of the fields of that number that hold bytes: strings and messages inside the message.
std::vector<std::string_view> values(const std::vector<Field>& message, std::uint64_t number) {
  std::vector<std::string_view> found;
  for (const Field& field : message) {
    if (field.number == number && field.wire_type == Bytes) {
      found.push_back(field.value);
    }
  }
  return found;
}

bool holds_only(const std::vector<std::string_view>& found, std::string_view expected) {
  return found.size() == 1 && found.front() == expected;
}

bool is_marked(const std::vector<Field>& node) {
  const auto names = values(node, node_name);
  return holds_only(values(node, node_operator), "Cast") && !names.empty() &&
         names.front().substr(0, compute_cast.size()) == compute_cast;
}

}  // namespace

std::string in_half_precision(std::string_view model) {
  std::string changed(model);
  for (const std::string_view graph : values(fields(model), model_graph)) {
    for (const std::string_view bytes : values(fields(graph), graph_node)) {
      const std::vector<Field> node = fields(bytes);
      if (!is_marked(node)) {
        continue;
      }
      for (const std::string_view attribute_bytes : values(node, node_attribute)) {
        const std::vector<Field> attribute = fields(attribute_bytes);
        if (!holds_only(values(attribute, attribute_name), "to")) {
          continue;
        }
        for (const Field& field : attribute) {
          if (field.number == attribute_integer && field.wire_type == Varint && field.value.size() == 1 &&
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
