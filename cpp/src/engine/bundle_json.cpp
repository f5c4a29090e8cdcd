// SPDX-License-Identifier: Apache-2.0
//
// Reads bundle.json, formats 1 and 2, and checks that what it says fits together (docs/bundle.md).
#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "base/check.h"
#include "engine/json_field.h"
#include "fastphoto/closed_form_smoothing.h"
#include "fastphoto/engine/bundle.h"
#include "fastphoto/error.h"

namespace fastphoto {

namespace {

// Far above every model there is; what is larger would only make the program take memory or time without end.
constexpr JsonLimits limits = {std::size_t{1} << 20, 16};
constexpr Index largest_margin = 256;
constexpr Index largest_multiple = 256;
constexpr Index largest_side = 65536;
constexpr Index most_channels = 4096;
constexpr std::size_t most_alignments = 32;
constexpr std::size_t most_carried = 64;
constexpr std::size_t longest_file_name = 255;
constexpr double largest_ridge = 1e12;  // squared feature units; features of full-size networks reach 1e5
constexpr Index largest_estimator_side = 4096;
constexpr Index most_map_parameters = Index{1} << 24;
constexpr double unlimited = std::numeric_limits<double>::max();

constexpr std::array methods = {AlignmentMethod::MongeKantorovich, AlignmentMethod::WhiteningColouring,
                                AlignmentMethod::KnotheRosenblatt, AlignmentMethod::Learned};
constexpr std::array maps = {ColourMapKind::MatrixAndCurves, ColourMapKind::Lut, ColourMapKind::Grid};

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::string file_name(const JsonField& field) {
  const std::string suffix = ".onnx";
  std::string name = field.line();
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; });
  const bool ends =
      name.size() > suffix.size() && name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
  if (!plain || !ends || name.size() > longest_file_name) {
    field.refuse("a file's name of letters, digits, '_', '.' and '-' that ends with .onnx");
  }
  return name;
}

std::string hash(const JsonField& field) {
  std::string digits = field.line();
  if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    field.refuse("a SHA-256 of 64 lower-case hexadecimal digits");
  }
  return digits;
}

void read_file(const JsonField& field, ModelFile& file) {
  file.file = file_name(field.at("file"));
  file.sha256 = hash(field.at("sha256"));
}

/// The value among `values` that has the field's name.
template <class Values, class Name>
auto named(const JsonField& field, const Values& values, std::size_t count, Name name) {
  const std::string found = field.line();
  std::string known;
  for (std::size_t i = 0; i < count; ++i) {
    if (found == name(values[i])) {
      return values[i];
    }
    known += (i == 0 ? "" : i + 1 < count ? ", " : " or ") + std::string(name(values[i]));
  }
  field.refuse(known);
}

Provenance read_provenance(const JsonField& field) {
  field.allow_only({"recipe", "training_photos", "teacher", "method"});
  Provenance provenance;
  provenance.recipe = field.at("recipe").text();
  provenance.training_photos = field.at("training_photos").text();
  provenance.teacher = field.at("teacher").text();
  provenance.method = field.at("method").text();
  return provenance;
}

Alignment read_alignment(const JsonField& field, int format) {
  std::vector<std::string_view> names = {"name",        "channels",       "stride",   "method",  "content_ridge",
                                         "style_ridge", "relative_ridge", "max_gain", "strength"};
  if (format > 1) {
    names.emplace_back("least_shift");
  }
  field.allow_only(names);
  Alignment alignment;
  alignment.name = field.at("name").line();
  alignment.channels = field.at("channels").whole_number(1, most_channels);
  alignment.stride = field.at("stride").whole_number(1, largest_multiple);
  alignment.method = named(field.at("method"), methods, format > 1 ? methods.size() : methods.size() - 1, method_name);
  const auto optional = [&](const char* name, double& number, double largest) {
    if (const auto found = field.find(name)) {
      number = found->number(0.0, largest);
    }
  };
  optional("content_ridge", alignment.content_ridge, largest_ridge);
  optional("style_ridge", alignment.style_ridge, largest_ridge);
  optional("relative_ridge", alignment.relative_ridge, largest_ridge);
  optional("strength", alignment.strength, 1.0);
  const auto refuse_other_methods = [&](const char* what, bool expected, const std::string& methods_with_it) {
    if (!expected) {
      field.complain("has a " + std::string(what) + " and the method " + method_name(alignment.method) + ", expected " +
                     methods_with_it);
    }
  };
  const bool of_colours =
      alignment.method == AlignmentMethod::KnotheRosenblatt || alignment.method == AlignmentMethod::Learned;
  const std::string colours = format > 1 ? "knothe-rosenblatt or learned" : "knothe-rosenblatt";
  if (const auto gain = field.find("max_gain"); gain && !gain->is_null()) {
    alignment.max_gain = gain->number(1.0, unlimited);
    refuse_other_methods("max_gain", of_colours || alignment.method == AlignmentMethod::MongeKantorovich,
                         colours + " or monge-kantorovich");
  }
  if (const auto shift = field.find("least_shift")) {
    alignment.least_shift = shift->positive_number();
    refuse_other_methods("least_shift", of_colours, colours);
  }
  return alignment;
}

Segment read_segment(const JsonField& field) {
  field.allow_only({"file", "sha256", "carry"});
  Segment segment;
  read_file(field, segment);
  if (const auto carry = field.find("carry")) {
    for (const JsonField& tensor : carry->elements(0, most_carried)) {
      segment.carry.push_back(tensor.line());
    }
  }
  return segment;
}

void read_triple(const JsonField& field, double (&triple)[3]) {
  const std::vector<JsonField> elements = field.elements(3, 3);
  std::transform(elements.begin(), elements.end(), triple, [](const JsonField& e) { return e.number(0.0, 1.0); });
}

GamutOptions read_gamut(const JsonField& field) {
  field.allow_only({"shares", "shadows_counted", "highlights_counted", "knee_per_excess", "largest_shadow_knee",
                    "largest_highlight_knee", "least_excess"});
  GamutOptions options;
  read_triple(field.at("shares"), options.shares);
  read_triple(field.at("shadows_counted"), options.shadows_counted);
  read_triple(field.at("highlights_counted"), options.highlights_counted);
  options.knee_per_excess = field.at("knee_per_excess").positive_number();
  options.largest_shadow_knee = field.at("largest_shadow_knee").number(0.0, 1.0);
  options.largest_highlight_knee = field.at("largest_highlight_knee").number(0.0, 1.0);
  options.least_excess = field.at("least_excess").positive_number();
  return options;
}

DetailOptions read_detail(const JsonField& field) {
  field.allow_only({"radius", "edge_variance", "amount", "largest_change", "largest_gain"});
  DetailOptions options;
  const JsonField radius = field.at("radius");
  options.radius = radius.number(0.0, 1.0);
  if (options.radius == 0.0) {
    radius.refuse("a number above 0");
  }
  options.edge_variance = field.at("edge_variance").positive_number();
  options.amount = field.at("amount").number(0.0, 1.0);
  options.largest_change = field.at("largest_change").positive_number();
  options.largest_gain = field.at("largest_gain").positive_number();
  return options;
}

LabelOptions read_labels(const JsonField& field) {
  field.allow_only({"min_area", "max_area_ratio"});
  LabelOptions options;
  options.min_area = field.at("min_area").number(0.0, unlimited);
  const JsonField ratio = field.at("max_area_ratio");
  options.max_area_ratio = ratio.number(1.0, unlimited);
  if (options.max_area_ratio == 1.0) {
    ratio.refuse("a number above 1");
  }
  return options;
}

MemoryNeeds read_memory(const JsonField& field) {
  field.allow_only({"fixed_bytes", "bytes_per_working_pixel"});
  MemoryNeeds needs;
  needs.fixed_bytes = field.at("fixed_bytes").number(0.0, unlimited);
  needs.bytes_per_working_pixel = field.at("bytes_per_working_pixel").number(0.0, unlimited);
  return needs;
}

/// Extents that such a map can have, with no more parameters than a graph could sensibly return.
std::vector<Index> read_extents(const JsonField& field, ColourMapKind map) {
  std::vector<Index> extents;
  for (const JsonField& extent : field.elements(1, 3)) {
    extents.push_back(extent.whole_number(0, most_map_parameters));
  }
  Index parameters = 0;
  try {
    parameters = ColourMap::parameter_count(map, extents);
  } catch (const Error& error) {
    field.complain(std::string("does not fit: ") + error.what());
  }
  if (parameters > most_map_parameters) {
    field.refuse("a map of at most " + std::to_string(most_map_parameters) + " parameters, these are " +
                 std::to_string(parameters));
  }
  return extents;
}

Estimator read_estimator(const JsonField& field) {
  field.allow_only({"file", "sha256", "side", "map", "extents", "least_fit"});
  Estimator estimator;
  read_file(field, estimator);
  estimator.side = field.at("side").whole_number(1, largest_estimator_side);
  estimator.map = named(field.at("map"), maps, maps.size(), map_name);
  estimator.extents = read_extents(field.at("extents"), estimator.map);
  if (const auto least_fit = field.find("least_fit")) {
    estimator.least_fit = least_fit->number(0.0, 1.0);
  }
  return estimator;
}

/// Checks what no single field can tell.
void check_chain(const Manifest& manifest, const JsonDocument& document) {
  const std::size_t alignments = manifest.alignments.size();
  if (manifest.segments.size() != alignments + 1) {
    document.refuse(std::to_string(manifest.segments.size()) + " segments for " + std::to_string(alignments) +
                    " alignments, expected one more");
  }
  if (alignments == 0) {
    document.refuse("$.alignments is []; expected at least one");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < alignments; ++i) {
    const Alignment& alignment = manifest.alignments[i];
    const std::string here = "alignment '" + alignment.name + "' ";
    if (!names.insert(alignment.name).second) {
      document.refuse(here + "stands twice, expected names that differ");
    }
    if (manifest.size_multiple % alignment.stride != 0) {
      document.refuse(here + "has stride " + std::to_string(alignment.stride) +
                      ", expected a divisor of size_multiple " + std::to_string(manifest.size_multiple));
    }
    const bool learned = alignment.method == AlignmentMethod::Learned;
    if (learned && (i != 0 || alignment.channels != 3 || !manifest.estimator)) {
      document.refuse(here + "has the method learned, is number " + std::to_string(i + 1) + " with " +
                      std::to_string(alignment.channels) + " channels and " + (manifest.estimator ? "an" : "no") +
                      " estimator, expected the first one, 3 channels and an estimator");
    }
    if ((learned || alignment.method == AlignmentMethod::KnotheRosenblatt) &&
        (alignment.channels != 3 || alignment.relative_ridge == 0.0)) {
      document.refuse(here + "has " + std::to_string(alignment.channels) + " channels and a relative_ridge of " +
                      number_text(alignment.relative_ridge) + ", expected 3 and more than 0 for the method " +
                      method_name(alignment.method));
    }
  }
  if (manifest.estimator && manifest.alignments[0].method != AlignmentMethod::Learned) {
    document.refuse("$.estimator is there, and the first alignment has the method " +
                    std::string(method_name(manifest.alignments[0].method)) + ", expected learned or no estimator");
  }
}

}  // namespace

const char* method_name(AlignmentMethod method) noexcept {
  switch (method) {
    case AlignmentMethod::WhiteningColouring:
      return "whitening-coloring";
    case AlignmentMethod::KnotheRosenblatt:
      return "knothe-rosenblatt";
    case AlignmentMethod::Learned:
      return "learned";
    case AlignmentMethod::MongeKantorovich:
      break;
  }
  return "monge-kantorovich";
}

const char* map_name(ColourMapKind kind) noexcept {
  switch (kind) {
    case ColourMapKind::Lut:
      return "lut";
    case ColourMapKind::Grid:
      return "grid";
    case ColourMapKind::MatrixAndCurves:
      break;
  }
  return "matrix-and-curves";
}

Manifest Bundle::parse(std::string_view json, const std::string& where) {
  const JsonDocument document(json, limits, ErrorKind::Model, where + ": not a valid bundle: ");
  const JsonField root = document.root();
  const auto format = root.find("format");
  const std::string found = format ? format->shown() : "missing";
  if (found != "1" && found != "2") {
    throw Error(ErrorKind::Model,
                where + ": bundle format " + found + ", this version of fastphoto-native reads 1 and 2");
  }
  Manifest manifest;
  manifest.format = found == "1" ? 1 : 2;
  std::vector<std::string_view> names = {"format",    "name",       "version",       "description",
                                         "licence",   "provenance", "size_multiple", "working_side",
                                         "smoothing", "style",      "alignments",    "segments"};
  if (manifest.format > 1) {
    names.insert(names.end(), {"margin", "gamut", "detail", "labels", "memory", "estimator"});
  }
  root.allow_only(names);
  manifest.name = root.at("name").line();
  manifest.version = root.at("version").line();
  manifest.description = root.at("description").text();
  manifest.licence = root.at("licence").text();
  manifest.provenance = read_provenance(root.at("provenance"));
  manifest.size_multiple = root.at("size_multiple").whole_number(1, largest_multiple);
  manifest.working_side = root.at("working_side").whole_number(1, largest_side);
  if (const auto margin = root.find("margin")) {
    manifest.margin = margin->whole_number(0, largest_margin);
  }
  const JsonField smoothing = root.at("smoothing");
  smoothing.allow_only({"lam", "eps"});
  manifest.smoothing_lam = smoothing.at("lam").number(least_smoothing_lam, unlimited);
  manifest.smoothing_eps = smoothing.at("eps").positive_number();
  if (const auto gamut = root.find("gamut")) {
    manifest.gamut = read_gamut(*gamut);
  }
  if (const auto detail = root.find("detail")) {
    manifest.detail = read_detail(*detail);
  }
  if (const auto labels = root.find("labels")) {
    manifest.labels = read_labels(*labels);
  }
  if (const auto memory = root.find("memory")) {
    manifest.memory = read_memory(*memory);
  }
  const JsonField style = root.at("style");
  style.allow_only({"file", "sha256"});
  read_file(style, manifest.style);
  for (const JsonField& alignment : root.at("alignments").elements(0, most_alignments)) {
    manifest.alignments.push_back(read_alignment(alignment, manifest.format));
  }
  for (const JsonField& segment : root.at("segments").elements(0, most_alignments + 1)) {
    manifest.segments.push_back(read_segment(segment));
  }
  if (const auto estimator = root.find("estimator")) {
    manifest.estimator = read_estimator(*estimator);
  }
  check_chain(manifest, document);
  return manifest;
}

}  // namespace fastphoto
