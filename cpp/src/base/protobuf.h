// SPDX-License-Identifier: Apache-2.0
//
// Reads messages of Protocol Buffers, as ONNX files are: https://protobuf.dev/programming-guides/encoding/. Lengths are
// checked against what is there. A header alone, since two libraries use it and neither exports it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fastphoto/error.h"

namespace fastphoto::protobuf {

enum WireType : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

struct Field {
  std::uint64_t number;
  std::uint8_t wire_type;
  std::string_view value;  ///< within the message
};

[[noreturn]] inline void refuse(const std::string& found) {
  throw Error(ErrorKind::Model, "found " + found + ", expected an ONNX model");
}

/// Takes a number of seven bits a byte, lowest first, off the front.
inline std::uint64_t take_varint(std::string_view& data) {
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

/// The fields of one message.
/// @throws Error(Model) if it is none.
inline std::vector<Field> fields(std::string_view message) {
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

/// The values of the fields of that number that hold bytes: strings and messages inside the message.
inline std::vector<std::string_view> values(const std::vector<Field>& message, std::uint64_t number) {
  std::vector<std::string_view> found;
  for (const Field& field : message) {
    if (field.number == number && field.wire_type == Bytes) {
      found.push_back(field.value);
    }
  }
  return found;
}

}  // namespace fastphoto::protobuf
