// SPDX-License-Identifier: Apache-2.0
//
// Looks as bytes, in the layout of safetensors (https://github.com/huggingface/safetensors).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <sstream>
#include <utility>

#include "engine/json_field.h"
#include "engine/printable.h"
#include "fastphoto/engine/look.h"
#include "fastphoto/error.h"

namespace fastphoto {

namespace {

constexpr int look_format = 2;
constexpr std::size_t length_bytes = 8;
constexpr std::size_t number_bytes = 4;
constexpr JsonLimits header_limits = {std::size_t{4} << 20, 4};
constexpr JsonLimits areas_limits = {std::size_t{1} << 16, 1};
constexpr std::size_t most_labels = 256;
constexpr Index most_alignments = 32;
constexpr const char* preview_name = "preview";
constexpr Index largest_extent = 1 << 16;  // of one axis of a tensor

std::string tensor_name(std::int64_t label, std::size_t alignment, const char* kind) {
  return std::to_string(label) + "/" + std::to_string(alignment) + "/" + kind;
}

// --- Writing -------------------------------------------------------------------------------------------------------

std::string member(const std::string& name, const std::string& value) { return json_text(name) + ":" + value; }

std::string object(const std::vector<std::string>& members) {
  std::string text = "{";
  for (const std::string& member : members) {
    text.append(text.size() == 1 ? "" : ",").append(member);
  }
  return text + "}";
}

std::string array(const std::vector<Index>& numbers) {
  std::string text = "[";
  for (const Index number : numbers) {
    text.append(text.size() == 1 ? "" : ",").append(std::to_string(number));
  }
  return text + "]";
}

/// Gathers tensors and their entries in the header.
class Tensors {
 public:
  /// @param metadata  the header's first entry.
  explicit Tensors(std::string metadata) : entries_({std::move(metadata)}) {}

  /// Announces a tensor of float32; its numbers follow.
  void add(const std::string& name, const std::vector<Index>& shape) { announce(name, "F32", number_bytes, shape); }

  void add_samples(const std::string& name, const std::vector<Index>& shape, const std::vector<std::uint8_t>& samples) {
    announce(name, "U8", 1, shape);
    data_.append(samples.begin(), samples.end());
  }

  void add_number(float number) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &number, number_bytes);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      data_ += static_cast<char>((bits >> shift) & 255U);
    }
  }

  void add_number(double number, const std::string& name) {
    const auto rounded = static_cast<float>(number);
    if (!std::isfinite(rounded)) {
      throw Error(ErrorKind::InvalidArgument,
                  "the look's " + name + " holds " + json_number(number) + ", expected numbers that fit into float32");
    }
    add_number(rounded);
  }

  std::string header() const { return object(entries_); }
  const std::string& data() const { return data_; }

 private:
  void announce(const std::string& name, const char* type, std::size_t bytes_each, const std::vector<Index>& shape) {
    auto bytes = static_cast<Index>(bytes_each);
    for (const Index extent : shape) {
      bytes *= extent;
    }
    const auto begin = static_cast<Index>(data_.size());
    entries_.push_back(member(name, object({member("dtype", json_text(type)), member("shape", array(shape)),
                                            member("data_offsets", array({begin, begin + bytes}))})));
  }

  std::vector<std::string> entries_;
  std::string data_;
};

void add_statistics(Tensors& tensors, std::int64_t label, std::size_t alignment, const Statistics& statistics) {
  const Index channels = statistics.channels();
  const std::string mean = tensor_name(label, alignment, "mean");
  tensors.add(mean, {channels});
  for (Index i = 0; i < channels; ++i) {
    tensors.add_number(statistics.mean[i], mean);
  }
  const std::string covariance = tensor_name(label, alignment, "covariance");
  tensors.add(covariance, {channels, channels});
  for (Index i = 0; i < channels; ++i) {
    for (Index j = 0; j < channels; ++j) {
      // Statistics may be symmetric but for rounding; a file holds what is symmetric to the last bit.
      const double number = 0.5 * statistics.covariance(i, j) + 0.5 * statistics.covariance(j, i);
      tensors.add_number(number, covariance);
    }
  }
}

/// What a look says of itself for people, as far as it says anything.
void add_details(const Look& look, std::vector<std::string>& metadata) {
  if (!look.name.empty()) {
    metadata.push_back(member("name", json_text(look.name)));
  }
  if (!look.sources.empty()) {
    std::string words;
    for (const std::string& source : look.sources) {
      words.append(words.empty() ? "" : " ").append(source);
    }
    metadata.push_back(member("sources", json_text(words)));
  }
  if (!look.label_names.empty()) {
    std::vector<std::string> names;
    names.reserve(look.label_names.size());
    for (const auto& [label, text] : look.label_names) {
      names.push_back(member(std::to_string(label), json_text(text)));
    }
    metadata.push_back(member("label_names", json_text(object(names))));
  }
}

// --- Reading -------------------------------------------------------------------------------------------------------

/// Little-endian, whatever the machine is.
std::uint64_t whole_number(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    number = (number << 8U) | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

float number_at(std::string_view data, std::size_t index) {
  const auto bits = static_cast<std::uint32_t>(whole_number(data.substr(index * number_bytes, number_bytes)));
  float number = 0.0F;
  std::memcpy(&number, &bits, number_bytes);
  return number;
}

struct Tensor {
  std::vector<Index> shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The tensors of a file: their entries in the header, checked against each other and against the bytes there are.
class TensorTable {
 public:
  TensorTable(const JsonDocument& header, std::string_view data) : header_(header), data_(data) {
    for (const auto& [name, field] : header.root().members()) {
      if (name != "__metadata__") {
        tensors_.emplace(name, read_tensor(field, name == preview_name ? 1 : number_bytes));
      }
    }
    check_order();
  }

  /// The bytes of a tensor of that shape; it is taken from the table.
  std::string_view take(const std::string& name, const std::vector<Index>& shape) {
    const Tensor tensor = take(name);
    if (tensor.shape != shape) {
      header_.refuse("the tensor '" + name + "' has the shape " + shape_text(tensor.shape) + ", expected " +
                     shape_text(shape));
    }
    return data_.substr(tensor.begin, tensor.end - tensor.begin);
  }

  /// The only extent of a tensor that has one axis.
  Index length(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      refuse_missing(name);
    }
    if (found->second.shape.size() != 1) {
      header_.refuse("the tensor '" + name + "' has the shape " + shape_text(found->second.shape) +
                     ", expected one axis");
    }
    return found->second.shape[0];
  }

  bool has(const std::string& name) const { return tensors_.count(name) > 0; }

  const std::vector<Index>& shape(const std::string& name) const { return tensors_.at(name).shape; }

  void expect_empty() const {
    if (!tensors_.empty()) {
      header_.refuse("the tensor '" + printable(tensors_.begin()->first, 60) +
                     "' is unknown; expected those of the labels and alignments only");
    }
  }

 private:
  Tensor take(const std::string& name) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      refuse_missing(name);
    }
    return std::move(tensors_.extract(found).mapped());
  }

  [[noreturn]] void refuse_missing(const std::string& name) const {
    header_.refuse("the tensor '" + name + "' is missing; expected one for each label and alignment");
  }

  Tensor read_tensor(const JsonField& field, std::size_t bytes_each) const {
    field.allow_only({"dtype", "shape", "data_offsets"});
    const std::string type = bytes_each == 1 ? "U8" : "F32";
    if (field.at("dtype").line() != type) {
      field.at("dtype").refuse('"' + type + '"');
    }
    Tensor tensor;
    Index count = 1;
    for (const JsonField& extent : field.at("shape").elements(1, 3)) {
      tensor.shape.push_back(extent.whole_number(1, largest_extent));
      count *= tensor.shape.back();
    }
    const auto size = static_cast<Index>(data_.size());
    const std::vector<JsonField> offsets = field.at("data_offsets").elements(2, 2);
    const Index begin = offsets[0].whole_number(0, size);
    const Index end = offsets[1].whole_number(begin, size);
    const Index bytes = count * static_cast<Index>(bytes_each);
    if (end - begin != bytes) {
      field.refuse(std::to_string(bytes) + " bytes between the offsets");
    }
    tensor.begin = static_cast<std::size_t>(begin);
    tensor.end = static_cast<std::size_t>(end);
    return tensor;
  }

  /// No gap, no overlap, no bytes left: a file is never larger than what it says, nor what is read larger than a file.
  void check_order() const {
    std::vector<std::pair<std::size_t, std::size_t>> pieces;
    pieces.reserve(tensors_.size());
    for (const auto& [name, tensor] : tensors_) {
      pieces.emplace_back(tensor.begin, tensor.end);
    }
    std::sort(pieces.begin(), pieces.end());
    std::size_t at = 0;
    for (const auto& [begin, end] : pieces) {
      if (begin != at) {
        header_.refuse("a tensor begins at byte " + std::to_string(begin) + " of the data, expected " +
                       std::to_string(at));
      }
      at = end;
    }
    if (at != data_.size()) {
      header_.refuse("the tensors end at byte " + std::to_string(at) + " of the data, expected " +
                     std::to_string(data_.size()));
    }
  }

  static std::string shape_text(const std::vector<Index>& shape) {
    std::string text;
    for (const Index extent : shape) {
      text += (text.empty() ? "" : " x ") + std::to_string(extent);
    }
    return text;
  }

  const JsonDocument& header_;
  std::string_view data_;
  std::map<std::string, Tensor> tensors_;
};

Statistics read_statistics(TensorTable& tensors, std::int64_t label, std::size_t alignment) {
  const std::string mean_name = tensor_name(label, alignment, "mean");
  const Index channels = tensors.length(mean_name);
  const std::string_view mean_data = tensors.take(mean_name, {channels});
  const std::string_view covariance_data =
      tensors.take(tensor_name(label, alignment, "covariance"), {channels, channels});
  Vector mean(channels);
  for (Index i = 0; i < channels; ++i) {
    mean[i] = static_cast<double>(number_at(mean_data, static_cast<std::size_t>(i)));
  }
  Matrix covariance(channels, channels);
  for (Index i = 0; i < covariance.size(); ++i) {
    covariance.data()[i] = static_cast<double>(number_at(covariance_data, static_cast<std::size_t>(i)));
  }
  try {
    return {std::move(mean), std::move(covariance)};
  } catch (const Error& error) {
    throw Error(error.kind(), tensor_name(label, alignment, "") + ": " + error.what());
  }
}

/// A label as the name of a member.
std::int64_t label_of(const std::string& name, const JsonDocument& document) {
  std::int64_t label = 0;
  try {
    label = std::stoll(name);
  } catch (const std::logic_error&) {  // not a number, or out of range
    document.refuse("the label '" + printable(name, 60) + "' is not a whole number of 64 bits");
  }
  if (std::to_string(label) != name) {
    document.refuse("the label '" + printable(name, 60) + "' is written in another way, expected " +
                    std::to_string(label));
  }
  return label;
}

/// The areas of the labels: a JSON object within the text, since the values of `__metadata__` are all text.
std::map<std::int64_t, double> read_areas(const JsonField& field, const std::string& prefix) {
  const JsonDocument document(field.text(), areas_limits, ErrorKind::File, prefix + "the labels' areas: ");
  std::map<std::int64_t, double> areas;
  for (const auto& [name, area] : document.root().members()) {
    areas[label_of(name, document)] = area.positive_number();
  }
  if (areas.empty() || areas.size() > most_labels) {
    document.refuse("found " + std::to_string(areas.size()) + " labels, expected 1 to " + std::to_string(most_labels));
  }
  return areas;
}

/// A whole number that stands in a text.
Index number_in_text(const JsonField& field, Index least, Index largest) {
  const std::string text = field.line();
  const bool digits = text.size() <= 4 && text.find_first_not_of("0123456789") == std::string::npos;
  const Index number = digits ? std::stoi(text) : -1;
  if (number < least || number > largest) {
    field.refuse("a text with a whole number, " + std::to_string(least) + " to " + std::to_string(largest));
  }
  return number;
}

/// What a look says of itself for people; all of it may be missing.
void read_details(const JsonField& metadata, TensorTable& tensors, const std::string& prefix, Look& look) {
  if (const auto name = metadata.find("name")) {
    look.name = name->line();
  }
  if (const auto sources = metadata.find("sources")) {
    std::istringstream words(sources->text());
    for (std::string word; words >> word;) {
      look.sources.push_back(word);
    }
  }
  if (const auto names = metadata.find("label_names")) {
    const JsonDocument document(names->text(), areas_limits, ErrorKind::File, prefix + "the labels' names: ");
    for (const auto& [label, text] : document.root().members()) {
      look.label_names[label_of(label, document)] = text.line();
    }
  }
  if (tensors.has(preview_name)) {
    const std::vector<Index> shape = tensors.shape(preview_name);
    look.preview.height = shape.front();
    look.preview.width = shape.size() > 1 ? shape[1] : 1;
    const std::string_view samples = tensors.take(preview_name, {look.preview.height, look.preview.width, 3});
    look.preview.samples.assign(samples.begin(), samples.end());
  }
}

Look read_look(const JsonDocument& header, std::string_view data, const std::string& prefix) {
  const JsonField metadata = header.root().at("__metadata__");
  if (number_in_text(metadata.at("look_format"), 1, 9999) != look_format) {
    metadata.at("look_format").refuse("\"" + std::to_string(look_format) + "\"");
  }
  metadata.allow_only(
      {"look_format", "model", "fingerprint", "masked", "areas", "alignments", "name", "sources", "label_names"});
  Look look;
  look.model = metadata.at("model").line();
  look.fingerprint = metadata.at("fingerprint").line();
  const std::string masked = metadata.at("masked").line();
  if (masked != "true" && masked != "false") {
    metadata.at("masked").refuse(R"("true" or "false")");
  }
  look.masked = masked == "true";
  const auto alignments = static_cast<std::size_t>(number_in_text(metadata.at("alignments"), 1, most_alignments));
  const std::map<std::int64_t, double> areas = read_areas(metadata.at("areas"), prefix);
  TensorTable tensors(header, data);
  for (const auto& [label, area] : areas) {
    LabelLook& style = look.labels[label];
    style.area = area;
    for (std::size_t i = 0; i < alignments; ++i) {
      style.statistics.push_back(read_statistics(tensors, label, i));
    }
  }
  if (tensors.has("thumbnail")) {
    const Index side = tensors.shape("thumbnail").back();
    const std::string_view pixels = tensors.take("thumbnail", {3, side, side});
    for (std::size_t i = 0; i < pixels.size() / number_bytes; ++i) {
      look.thumbnail.push_back(number_at(pixels, i));
    }
  }
  read_details(metadata, tensors, prefix, look);
  tensors.expect_empty();
  return look;
}

}  // namespace

std::string Look::to_bytes() const {
  check();
  std::vector<std::string> areas;
  areas.reserve(labels.size());
  for (const auto& [label, style] : labels) {
    areas.push_back(member(std::to_string(label), json_number(style.area)));
  }
  const std::size_t alignments = labels.begin()->second.statistics.size();
  std::vector<std::string> metadata = {member("look_format", json_text(std::to_string(look_format))),
                                       member("model", json_text(model)),
                                       member("fingerprint", json_text(fingerprint)),
                                       member("masked", json_text(masked ? "true" : "false")),
                                       member("alignments", json_text(std::to_string(alignments))),
                                       member("areas", json_text(object(areas)))};
  add_details(*this, metadata);
  Tensors tensors(member("__metadata__", object(metadata)));
  for (const auto& [label, style] : labels) {
    for (std::size_t i = 0; i < alignments; ++i) {
      add_statistics(tensors, label, i, style.statistics[i]);
    }
  }
  if (!thumbnail.empty()) {
    const std::size_t pixels = thumbnail.size() / 3;
    const auto side = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(pixels))));
    tensors.add("thumbnail", {3, side, side});
    for (const float sample : thumbnail) {
      tensors.add_number(sample);
    }
  }
  if (!preview.samples.empty()) {  // the last one, so that all float32 numbers are aligned
    tensors.add_samples(preview_name, {preview.height, preview.width, 3}, preview.samples);
  }
  std::string header = tensors.header();
  header.append((length_bytes - header.size() % length_bytes) % length_bytes, ' ');  // so that the numbers are aligned
  std::string bytes;
  bytes.reserve(length_bytes + header.size() + tensors.data().size());
  for (unsigned shift = 0; shift < 64; shift += 8) {
    bytes += static_cast<char>((std::uint64_t{header.size()} >> shift) & 255U);
  }
  bytes += header;
  bytes += tensors.data();
  return bytes;
}

Look Look::from_bytes(std::string_view bytes, const std::string& where) {
  const std::string prefix = where + " is not a look: ";
  const auto refuse = [&](const std::string& message) { throw Error(ErrorKind::File, prefix + message); };
  if (bytes.substr(0, 4) == "PK\x03\x04") {
    refuse("found a zip archive, expected format 2; Look.load of the Python package reads format 1 and saves format 2");
  }
  if (bytes.size() < length_bytes) {
    refuse("found " + std::to_string(bytes.size()) + " bytes, expected a file written by Look.save");
  }
  const std::uint64_t length = whole_number(bytes.substr(0, length_bytes));
  const std::size_t rest = bytes.size() - length_bytes;
  if (length > rest || length > header_limits.bytes) {
    refuse("found a header of " + std::to_string(length) + " bytes, expected at most " +
           std::to_string(std::min(rest, header_limits.bytes)) + "; is it a file written by Look.save, and whole?");
  }
  const auto begin = length_bytes + static_cast<std::size_t>(length);
  const JsonDocument header(bytes.substr(length_bytes, begin - length_bytes), header_limits, ErrorKind::File, prefix);
  try {
    Look look = read_look(header, bytes.substr(begin), prefix);
    look.check();
    return look;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::File) {
      throw;
    }
    throw Error(ErrorKind::File, prefix + error.what());  // of statistics that are none
  }
}

}  // namespace fastphoto
