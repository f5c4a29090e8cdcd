// SPDX-License-Identifier: Apache-2.0
//
// Marked casts of a model turn to half precision, and nothing else does.
#include <doctest/doctest.h>

#include <random>
#include <set>

#include "onnxruntime/half_precision.h"
#include "onnxruntime/sample_graphs.h"
#include "onnxruntime/thrown_error.h"

using namespace fastphoto;

namespace {

// A field of a Protocol Buffers message that holds bytes of less than 128.
std::string bytes_field(int number, const std::string& value) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(value.size())} + value;
}

std::string integer_field(int number, int value) { return {static_cast<char>(number << 3), static_cast<char>(value)}; }

// A node of onnx.proto: name 3, operator 4, attribute 5 with name 1 and integer 3.
std::string node(const std::string& name, const std::string& operation, const std::string& attribute, int value) {
  return bytes_field(3, name) + bytes_field(4, operation) +
         bytes_field(5, bytes_field(1, attribute) + integer_field(3, value));
}

// A model with one node in its graph, between other fields.
std::string model(const std::string& node_bytes) {
  const std::string fixed = std::string("\x15", 1) + "abcd" + std::string("\x11", 1) + "abcdefgh";
  return integer_field(1, 8) + fixed + bytes_field(7, bytes_field(2, "graph") + bytes_field(1, node_bytes)) +
         integer_field(5, 1);
}

std::size_t differences(const std::string& a, const std::string& b) {
  REQUIRE(a.size() == b.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    count += a[i] != b[i] ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("a marked cast to float32 becomes one to float16") {
  CHECK(in_half_precision(model(node("compute_cast_3", "Cast", "to", 1))) ==
        model(node("compute_cast_3", "Cast", "to", 10)));
}

TEST_CASE("whatever is not exactly a marked cast to float32 stays as it is") {
  for (const std::string& other :
       {node("cast", "Cast", "to", 1), node("my_compute_cast", "Cast", "to", 1), node("compute_cast", "Conv", "to", 1),
        node("compute_cast", "Cast", "from", 1), node("compute_cast", "Cast", "to", 7), std::string()}) {
    CHECK(in_half_precision(model(other)) == model(other));
  }
}

TEST_CASE("segments after the last pooling are marked, and no others") {
  const std::vector<std::pair<std::string, std::set<std::string>>> expected{
      {"photowct-lite", {"segment_3.onnx"}}, {"photowct-strong", {"segment_4.onnx", "segment_5.onnx"}}};
  for (const auto& [name, marked] : expected) {
    const int last = name == "photowct-lite" ? 3 : 5;
    std::set<std::string> files{"style.onnx"};
    for (int i = 0; i <= last; ++i) {
      files.insert("segment_" + std::to_string(i) + ".onnx");
    }
    for (const std::string& file : files) {
      CAPTURE(file);
      const std::string before = graph_bytes(name, file);
      CHECK((differences(in_half_precision(before), before) > 0) == (marked.count(file) > 0));
    }
  }
}

TEST_CASE("what is no model is refused") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {std::string("PK\x03\x04 not a model"), "found a"},
      {"\x3a\x7f", "found a field of 127 bytes where 0 are left"},
      {std::string(20, '\xff'), "found a number without an end"},
      {"\x0b", "found a field of wire type 3"},
      {"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "found a field of 18446744073709551615 bytes"},
  };
  for (const auto& [bytes, message] : cases) {
    const ThrownError error = error_of([&, &content = bytes] { in_half_precision(content); });
    CAPTURE(error.message);
    CHECK(error.thrown);
    CHECK(error.kind == ErrorKind::Model);
    CHECK(error.says(message));
    CHECK(error.says("expected an ONNX model"));
  }
}

TEST_CASE("damaged models are refused or keep their length") {
  const std::string whole = graph_bytes("photowct-strong", "segment_5.onnx");
  std::mt19937 engine(1);  // NOLINT(bugprone-random-generator-seed): the same damage each time
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    damaged[engine() % damaged.size()] = static_cast<char>(engine());
    if (i % 4 == 0) {
      damaged.resize(engine() % damaged.size());
    }
    std::string changed;
    const ThrownError error = error_of([&] { changed = in_half_precision(damaged); });
    if (error.thrown) {
      ++refused;
    } else {
      CHECK(changed.size() == damaged.size());
    }
  }
  CHECK(refused > 100);
  CHECK(refused < 2000);
}
