// SPDX-License-Identifier: Apache-2.0
//
// Reads the JSON of an untrusted file field by field; what does not fit is refused with the path of the field.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fastphoto/error.h"
#include "fastphoto/image.h"

namespace fastphoto {

class JsonDocument;

/// A value in a document. It must not outlive the document.
///
/// Every member that reads throws the document's kind of error if the value is of another type or out of range. Its
/// message has the path of the value, what was found and what was expected.
class JsonField {
 public:
  JsonField(const nlohmann::json& value, const JsonDocument& document, std::string path);

  /// A member of an object; refused if there is none.
  JsonField at(const char* name) const;

  /// A member of an object, if there is one.
  std::optional<JsonField> find(const char* name) const;

  /// Refuses an object that has members of other names.
  void allow_only(const std::vector<std::string_view>& names) const;

  /// All members of an object, in the order of their names.
  std::vector<std::pair<std::string, JsonField>> members() const;

  /// The elements of an array.
  std::vector<JsonField> elements(std::size_t least, std::size_t most) const;

  bool is_null() const;

  /// Text; line feeds and tabs are its only control characters.
  std::string text() const;

  /// Text of 1 to 200 bytes without control characters.
  std::string line() const;

  Index whole_number(Index least, Index largest) const;
  double number(double least, double largest) const;
  double positive_number() const;

  /// The value as it stands in the file, shortened, for messages.
  std::string shown() const;

  /// Throws: the path, the value, and what was expected.
  [[noreturn]] void refuse(const std::string& expected) const;

  /// Throws: the path and a message.
  [[noreturn]] void complain(const std::string& message) const;

 private:
  const nlohmann::json& value_;
  const JsonDocument& document_;
  std::string path_;
};

/// What a document may need.
struct JsonLimits {
  std::size_t bytes;  ///< of text
  int depth;          ///< of arrays and objects in each other
};

/// A JSON text, parsed. Names that stand twice in an object are refused.
class JsonDocument {
 public:
  /// @param prefix  begins every message: the file's name and what it is not.
  /// @throws Error(kind)
  JsonDocument(std::string_view text, const JsonLimits& limits, ErrorKind kind, std::string prefix);
  ~JsonDocument();
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;
  JsonDocument(JsonDocument&&) = delete;
  JsonDocument& operator=(JsonDocument&&) = delete;

  JsonField root() const;

  [[noreturn]] void refuse(const std::string& message) const;

 private:
  ErrorKind kind_;
  std::string prefix_;
  std::unique_ptr<nlohmann::json> value_;
};

/// A text as JSON, in quotation marks. Bytes that are no UTF-8 are replaced.
std::string json_text(const std::string& text);

/// A finite number as JSON, with the digits that give it back exactly.
std::string json_number(double number);

}  // namespace fastphoto
