// SPDX-License-Identifier: Apache-2.0
//
// JSON by way of nlohmann's library. No other file includes it: it takes seconds to compile.
#include "engine/json_field.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/check.h"
#include "engine/printable.h"

namespace fastphoto {

namespace {

using nlohmann::json;

/// Watches the parser: what it would let pass is refused here.
class Watch {
 public:
  Watch(const JsonDocument& document, int depth) : document_(document), depth_(depth) {}

  bool operator()(int, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (static_cast<int>(names_.size()) == depth_) {
          document_.refuse("its arrays and objects are nested deeper than " + std::to_string(depth_) + " levels");
        }
        names_.emplace_back();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        names_.pop_back();
        break;
      case json::parse_event_t::key:
        if (!names_.back().insert(parsed.get<std::string>()).second) {
          document_.refuse("the field '" + printable(parsed.get<std::string>(), 60) +
                           "' stands twice in one object; expected it once");
        }
        break;
      case json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  const JsonDocument& document_;
  int depth_;
  std::vector<std::set<std::string>> names_;  // of the objects that are open; empty for arrays
};

std::string place(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(text.size(), byte == 0 ? 0 : byte - 1));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t last = before.rfind('\n');
  const std::size_t column = before.size() - (last == std::string_view::npos ? 0 : last + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

constexpr std::size_t longest_line = 200;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

}  // namespace

JsonDocument::JsonDocument(std::string_view text, const JsonLimits& limits, ErrorKind kind, std::string prefix)
    : kind_(kind), prefix_(std::move(prefix)), value_(std::make_unique<json>()) {
  if (text.size() > limits.bytes) {
    refuse("it has " + std::to_string(text.size()) + " bytes of JSON; expected at most " +
           std::to_string(limits.bytes));
  }
  if (text.find('\0') != std::string_view::npos) {  // which the parser takes for the end
    refuse("it holds a byte of zero; expected JSON");
  }
  try {
    *value_ = json::parse(text.begin(), text.end(), Watch(*this, limits.depth));
  } catch (const json::parse_error& error) {
    refuse("found no JSON at " + place(text, error.byte));
  } catch (const json::out_of_range&) {
    refuse("it holds a number that is too large");
  } catch (const json::exception& error) {
    refuse(error.what());
  }
}

JsonDocument::~JsonDocument() = default;

JsonField JsonDocument::root() const { return {*value_, *this, "$"}; }

void JsonDocument::refuse(const std::string& message) const { throw Error(kind_, prefix_ + message); }

JsonField::JsonField(const json& value, const JsonDocument& document, std::string path)
    : value_(value), document_(document), path_(std::move(path)) {}

JsonField JsonField::at(const char* name) const {
  if (auto field = find(name)) {
    return *std::move(field);
  }
  complain("has no field '" + std::string(name) + "'; expected one");
}

std::optional<JsonField> JsonField::find(const char* name) const {
  if (!value_.is_object()) {
    refuse("an object");
  }
  const auto found = value_.find(name);
  if (found == value_.end()) {
    return std::nullopt;
  }
  return JsonField(*found, document_, path_ + "." + name);
}

void JsonField::allow_only(const std::vector<std::string_view>& names) const {
  for (const auto& [name, field] : members()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      std::string known;
      for (const std::string_view other : names) {
        known.append(known.empty() ? "" : ", ").append(other);
      }
      field.complain("is unknown here; expected only " + known);
    }
  }
}

std::vector<std::pair<std::string, JsonField>> JsonField::members() const {
  if (!value_.is_object()) {
    refuse("an object");
  }
  std::vector<std::pair<std::string, JsonField>> members;
  members.reserve(value_.size());
  for (auto at = value_.begin(); at != value_.end(); ++at) {
    members.emplace_back(at.key(), JsonField(at.value(), document_, path_ + "." + printable(at.key(), 60)));
  }
  return members;
}

std::vector<JsonField> JsonField::elements(std::size_t least, std::size_t most) const {
  if (!value_.is_array() || value_.size() < least || value_.size() > most) {
    refuse("an array of " + (least == most ? "" : std::to_string(least) + " to ") + std::to_string(most) + " values");
  }
  std::vector<JsonField> elements;
  elements.reserve(value_.size());
  for (std::size_t i = 0; i < value_.size(); ++i) {
    elements.emplace_back(value_[i], document_, path_ + "[" + std::to_string(i) + "]");
  }
  return elements;
}

bool JsonField::is_null() const { return value_.is_null(); }

std::string JsonField::text() const {
  if (value_.is_string()) {
    auto text = value_.get<std::string>();
    if (std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\n' && c != '\t'; })) {
      return text;
    }
  }
  refuse("text without control characters");
}

std::string JsonField::line() const {
  if (value_.is_string()) {
    auto text = value_.get<std::string>();
    if (!text.empty() && text.size() <= longest_line && std::none_of(text.begin(), text.end(), is_control)) {
      return text;
    }
  }
  refuse("a line of text, 1 to " + std::to_string(longest_line) + " bytes without control characters");
}

Index JsonField::whole_number(Index least, Index largest) const {
  if (value_.is_number_integer()) {
    // Those above the largest signed number are kept as unsigned ones.
    const bool huge = value_.is_number_unsigned() && value_.get<std::uint64_t>() > std::uint64_t{1} << 62;
    const auto number = huge ? std::numeric_limits<std::int64_t>::max() : value_.get<std::int64_t>();
    if (number >= least && number <= largest) {
      return static_cast<Index>(number);
    }
  }
  refuse("a whole number, " + std::to_string(least) + " to " + std::to_string(largest));
}

double JsonField::number(double least, double largest) const {
  if (value_.is_number()) {
    const auto number = value_.get<double>();
    if (number >= least && number <= largest) {
      return number;
    }
  }
  const bool open = largest == std::numeric_limits<double>::max();
  refuse("a number, " + number_text(least) + (open ? " or more" : " to " + number_text(largest)));
}

double JsonField::positive_number() const {
  if (value_.is_number()) {
    const auto number = value_.get<double>();
    if (number > 0.0 && std::isfinite(number)) {
      return number;
    }
  }
  refuse("a number above 0");
}

std::string JsonField::shown() const {
  return printable(value_.dump(-1, ' ', false, json::error_handler_t::replace), 60);
}

void JsonField::refuse(const std::string& expected) const { complain("is " + shown() + "; expected " + expected); }

void JsonField::complain(const std::string& message) const { document_.refuse(path_ + " " + message); }

std::string json_text(const std::string& text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string json_number(double number) { return json(number).dump(); }

}  // namespace fastphoto
