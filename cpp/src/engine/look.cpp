// SPDX-License-Identifier: Apache-2.0
//
// What a look must be, and its way into a file and back.
#include "fastphoto/engine/look.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "engine/printable.h"
#include "engine/whole_file.h"
#include "fastphoto/error.h"

namespace fastphoto {

namespace {

constexpr std::size_t most_labels = 256;
constexpr std::size_t most_alignments = 32;
constexpr std::size_t most_sources = 256;
constexpr std::size_t longest_name = 200;
constexpr Index largest_preview = 512;
constexpr std::uintmax_t largest_file = std::uintmax_t{1} << 29;  // 256 labels of the largest model fit

/// How many statistics each label has, and of how many channels: what all labels must share.
std::string form_of(const LabelLook& label) {
  std::string form;
  for (const Statistics& s : label.statistics) {
    form += (form.empty() ? "" : ", ") + std::to_string(s.channels());
  }
  return form;
}

void check_label(const LabelLook& label, const std::string& name) {
  require_option(std::isfinite(label.area) && label.area > 0.0, (name + "'s area").c_str(), label.area,
                 "a positive number");
  require(!label.statistics.empty() && label.statistics.size() <= most_alignments,
          name + " has statistics of " + std::to_string(label.statistics.size()) + " alignments, expected 1 to " +
              std::to_string(most_alignments));
  for (std::size_t i = 0; i < label.statistics.size(); ++i) {
    const Statistics& s = label.statistics[i];
    try {
      const Statistics sound(s.mean, s.covariance, s.weight);
    } catch (const Error& error) {
      throw Error(ErrorKind::InvalidArgument, name + ", alignment " + std::to_string(i) + ": " + error.what());
    }
  }
}

void check_thumbnail(const std::vector<float>& thumbnail) {
  const std::size_t pixels = thumbnail.size() / 3;
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
  require(3 * side * side == thumbnail.size(),
          "thumbnail must have 3 x side x side numbers, got " + std::to_string(thumbnail.size()));
  require(std::all_of(thumbnail.begin(), thumbnail.end(), [](float v) { return v >= 0.0F && v <= 1.0F; }),
          "thumbnail must hold numbers between 0 and 1 only");
}

bool has_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_digest(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// What stands in a look for people.
void check_details(const Look& look) {
  require(look.name.size() <= longest_name && !has_control(look.name),
          "name must have at most " + std::to_string(longest_name) + " bytes without control characters, got '" +
              printable(look.name, 60) + "'");
  require(look.sources.size() <= most_sources, "a look must have at most " + std::to_string(most_sources) +
                                                   " sources, got " + std::to_string(look.sources.size()));
  for (const std::string& source : look.sources) {
    require(is_digest(source),
            "a source must be 64 lower-case hexadecimal digits, got '" + printable(source, 80) + "'");
  }
  for (const auto& [label, text] : look.label_names) {
    require(look.labels.count(label) == 1, "label " + std::to_string(label) + " has a name and no statistics");
    require(!text.empty() && text.size() <= longest_name && !has_control(text),
            "the name of label " + std::to_string(label) + " must have 1 to " + std::to_string(longest_name) +
                " bytes without control characters, got '" + printable(text, 60) + "'");
  }
  const Preview& preview = look.preview;
  const auto sound = [](Index side) { return side >= 0 && side <= largest_preview; };
  require(sound(preview.height) && sound(preview.width) &&
              static_cast<Index>(preview.samples.size()) == 3 * preview.height * preview.width,
          "preview must have height x width x 3 samples and at most " + std::to_string(largest_preview) +
              " pixels a side, got " + std::to_string(preview.height) + " x " + std::to_string(preview.width) +
              " with " + std::to_string(preview.samples.size()) + " samples");
}

}  // namespace

void Look::check() const {
  require(!model.empty() && model.size() <= longest_name && !has_control(model),
          "model must be a name of 1 to " + std::to_string(longest_name) + " bytes without control characters, got '" +
              printable(model, 60) + "'");
  require(is_digest(fingerprint),
          "fingerprint must be 64 lower-case hexadecimal digits, got '" + printable(fingerprint, 80) + "'");
  require(!labels.empty() && labels.size() <= most_labels,
          "a look must have 1 to " + std::to_string(most_labels) + " labels, got " + std::to_string(labels.size()));
  require(masked || (labels.size() == 1 && labels.count(whole_photo) == 1),
          "a look without a mask must have the label " + std::to_string(whole_photo) + " only, got " +
              std::to_string(labels.size()) + " labels, the first one " + std::to_string(labels.begin()->first));
  const std::string form = form_of(labels.begin()->second);
  for (const auto& [label, style] : labels) {
    check_label(style, "label " + std::to_string(label));
    require(form_of(style) == form, "label " + std::to_string(label) + " has statistics of " + form_of(style) +
                                        " channels, expected " + form + " as label " +
                                        std::to_string(labels.begin()->first) + " has");
  }
  check_thumbnail(thumbnail);
  check_details(*this);
}

void Look::save(const std::filesystem::path& path) const {
  const std::string bytes = to_bytes();
  try {
    write_whole_file(path, bytes);
  } catch (const FileFailure& failure) {
    throw Error(ErrorKind::File, "cannot write the look " + printable(path) + ": " + failure.what());
  }
}

Look Look::load(const std::filesystem::path& path) {
  std::string bytes;
  try {
    bytes = read_whole_file(path, largest_file);
  } catch (const FileFailure& failure) {
    throw Error(ErrorKind::File, "cannot read the look " + printable(path) + ": " + failure.what());
  }
  return from_bytes(bytes, printable(path));
}

}  // namespace fastphoto
