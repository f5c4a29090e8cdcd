// SPDX-License-Identifier: Apache-2.0
//
// Model bundles: a folder of ONNX files and the bundle.json that says what they are (docs/bundle.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fastphoto/colour_map.h"
#include "fastphoto/export.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// One ONNX file and the SHA-256 that it must have (64 lower-case hexadecimal digits).
struct ModelFile {
  std::string file;
  std::string sha256;
};

/// One graph of the chain. `carry` names the tensors that it needs beside the features; each is an output `<name>_out`
/// of the segment before it.
struct Segment : ModelFile {
  std::vector<std::string> carry;
};

enum class AlignmentMethod : std::uint8_t {
  MongeKantorovich,    ///< "monge-kantorovich"
  WhiteningColouring,  ///< "whitening-coloring"
  KnotheRosenblatt,    ///< "knothe-rosenblatt": photos only
  Learned,  ///< "learned": photos only; the estimator's map of colours, with masks knothe-rosenblatt (format 2)
};

/// The name of a method in bundle.json.
const char* method_name(AlignmentMethod method) noexcept;

/// How the features between two segments are given the style's statistics.
struct Alignment {
  std::string name;
  Index channels = 0;
  Index stride = 0;  ///< photo pixels per feature pixel
  AlignmentMethod method = AlignmentMethod::MongeKantorovich;
  double content_ridge = 0.0;  ///< added to the diagonals of the covariances, in squared feature units
  double style_ridge = 0.0;
  double relative_ridge = 0.0;     ///< added to both, as a share of the two photos' mean variance
  std::optional<double> max_gain;  ///< of Knothe-Rosenblatt and Learned, >= 1; none: no limit
  double least_shift = KnotheRosenblattOptions().least_shift;  ///< of Knothe-Rosenblatt
  double strength = 1.0;                                       ///< blends aligned and original features (1 = aligned)
};

/// Where the weights come from.
struct Provenance {
  std::string recipe;
  std::string training_photos;
  std::string teacher;
  std::string method;
};

/// A graph that sees content and style at low resolution and returns the parameters of a map of colours (format 2).
/// Inputs `content` and `style`: 1 x 3 x side x side float32; output `parameters`: 1 x N float32, see ColourMap. It may
/// have an output `expected_errors`, 1 x 2 float32: 10 log10 of the mean squares that it expects between the right
/// answer and first the untouched content, then the mapped one.
struct Estimator : ModelFile {
  Index side = 0;
  ColourMapKind map = ColourMapKind::MatrixAndCurves;
  std::vector<Index> extents;
  double least_fit = 0.0;  ///< where LookFit::fit is below it, the map is applied with a share of its strength
};

/// The name of a kind of map in bundle.json: "matrix-and-curves", "lut" or "grid".
const char* map_name(ColourMapKind kind) noexcept;

/// What the model's network needs in memory, as measured when it was made (format 2). The defaults are an upper bound
/// for models that do not say: those of format 1, of which VGG-19 in full size is the largest (3e8 and 1600 bytes,
/// measured without masks).
struct MemoryNeeds {
  double fixed_bytes = 5e8;  ///< weights and sessions
  double bytes_per_working_pixel = 2500.0;
};

/// The contents of bundle.json.
struct Manifest {
  int format = 2;
  std::string name;
  std::string version;
  std::string description;
  std::string licence;
  Provenance provenance;
  Index size_multiple = 1;
  Index working_side = 1;
  Index margin = 0;  ///< format 2: reflected pixels around what the network sees, which are cut off again
  double smoothing_lam =
      1e-4;  ///< `smoothing.lam` and `smoothing.eps`, of the closed-form smoothing that suits the model
  double smoothing_eps = 1e-7;
  GamutOptions gamut;    // format 2; the defaults are those of all models of format 1
  DetailOptions detail;  // format 2
  LabelOptions labels;   // format 2
  MemoryNeeds memory;    // format 2
  ModelFile style;
  std::vector<Alignment> alignments;
  std::vector<Segment> segments;
  std::optional<Estimator> estimator;  // format 2
};

/// A model on disk.
class FASTPHOTO_ENGINE_API Bundle {
 public:
  /// Reads and checks `folder`/bundle.json, format 1 or 2. Unknown fields, values out of range and chains that do not
  /// fit together are refused.
  /// @throws Error(Model), with the file and the field.
  static Bundle open(const std::filesystem::path& folder);

  /// The same for the text of a bundle.json. `where` is its name, for messages.
  static Manifest parse(std::string_view json, const std::string& where);

  const std::filesystem::path& folder() const noexcept { return folder_; }
  const Manifest& manifest() const noexcept { return manifest_; }

  /// Identifies the graph that looks are made by: looks travel only between models that share it.
  const std::string& fingerprint() const noexcept { return manifest_.style.sha256; }

  /// The bytes of one ONNX file, checked against its hash.
  /// @throws Error(Model) if it is missing, a Git-LFS pointer, or not the file that bundle.json names.
  std::string read(const ModelFile& entry) const;

 private:
  std::filesystem::path folder_;
  Manifest manifest_;
};

/// The SHA-256 of some bytes: 64 lower-case hexadecimal digits (FIPS 180-4).
FASTPHOTO_ENGINE_API std::string sha256(std::string_view bytes);

}  // namespace fastphoto
