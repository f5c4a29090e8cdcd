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

/// A small picture of what a look was made of, for people.
struct Preview {
  Index height = 0;
  Index width = 0;
  std::vector<std::uint8_t> samples;  ///< height x width x 3, sRGB-encoded
};

/// All that is needed to give other photos a style photo's look. Made by Stylizer::analyze; fits the models that share
/// its fingerprint.
struct FASTPHOTO_ENGINE_API Look {
  std::string model;        ///< the name of the model that it was made with
  std::string fingerprint;  ///< Bundle::fingerprint of that model
  bool masked = false;      ///< whether the style photo had a mask
  std::map<std::int64_t, LabelLook> labels;
  std::vector<float> thumbnail;  ///< 3 x side x side, 0..1, for models with an estimator; else empty

  // For people; no photo looks different for it.
  std::string name;                                 ///< such as "evening"; empty: none
  std::vector<std::string> sources;                 ///< SHA-256 of the style photos' files
  std::map<std::int64_t, std::string> label_names;  ///< such as "sky", of some labels or all
  Preview preview;                                  ///< at most 512 pixels a side; empty: none

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

  /// One look of several style photos, as if they were one photo (pooled_statistics). Areas of labels are means.
  /// @param looks  one or more that share a fingerprint, all with masks or none.
  /// @throws Error(InvalidArgument)
  static Look pool(const std::vector<Look>& looks);

  /// A look between others (wasserstein_barycentre), label by label; a label that some of them lack is blended of the
  /// others.
  /// @param looks    as in pool().
  /// @param weights  one for each, 0 or more, with a positive sum.
  /// @throws Error(InvalidArgument)
  static Look blend(const std::vector<Look>& looks, const std::vector<double>& weights);
};

}  // namespace fastphoto
