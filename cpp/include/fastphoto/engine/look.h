// SPDX-License-Identifier: Apache-2.0
//
// A look: what a style photo comes down to for one model, its feature statistics at every alignment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fastphoto/export.h"
#include "fastphoto/statistics.h"

namespace fastphoto {

/// The label of a photo without a mask.
inline constexpr std::int64_t whole_photo = 0;

/// The statistics of one label of the style photo, in the order of the model's alignments.
struct LabelLook {
  double area = 0.0;  ///< pixels of the label at working size
  std::vector<Statistics> statistics;
};

/// All that is needed to give other photos a style photo's look. Made by Stylizer::analyze; fits the models that share
/// its fingerprint.
struct FASTPHOTO_ENGINE_API Look {
  std::string model;        ///< the name of the model that it was made with
  std::string fingerprint;  ///< Bundle::fingerprint of that model
  bool masked = false;      ///< whether the style photo had a mask
  std::map<std::int64_t, LabelLook> labels;
  std::vector<float> thumbnail;  ///< 3 x side x side, 0..1, for models with an estimator; else empty

  /// Checks what the members must be together: a name and a fingerprint; 1 to 256 labels, of which whole_photo is the
  /// only one without a mask; positive areas; sound statistics, of as many alignments and channels for every label.
  /// @throws Error(InvalidArgument)
  void check() const;

  /// Format 2, the layout of safetensors: eight bytes, little-endian, with the length of a JSON header; the header; raw
  /// little-endian float32 tensors `<label>/<alignment>/mean`, `.../covariance` and `thumbnail`. The network computes
  /// in float32, so nothing is lost. Numbers and names stand in the header's `__metadata__`. Weights of statistics,
  /// which no alignment needs, are not kept.
  /// @throws Error(InvalidArgument) as check() does, or for numbers beyond float32.
  std::string to_bytes() const;

  /// Reads what to_bytes() wrote. Every length is checked before memory is taken.
  /// @param where  the file's name, for messages.
  /// @throws Error(File)
  static Look from_bytes(std::string_view bytes, const std::string& where);

  /// Writes to a temporary name beside `path` and renames.
  /// @throws Error(File), or Error(InvalidArgument) as to_bytes() does.
  void save(const std::filesystem::path& path) const;

  /// @throws Error(File)
  static Look load(const std::filesystem::path& path);
};

}  // namespace fastphoto
