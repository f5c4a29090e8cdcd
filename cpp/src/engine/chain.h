// SPDX-License-Identifier: Apache-2.0
//
// Runs a bundle's graphs: features stay on the device, only statistics and photos come back.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/alignment.h"
#include "engine/step_progress.h"
#include "fastphoto/engine/bundle.h"
#include "fastphoto/engine/report.h"
#include "fastphoto/engine/runtime.h"

namespace fastphoto {

/// What an estimator found.
struct Estimate {
  std::vector<float> parameters;    // of a map of colours
  std::optional<LookFit> look_fit;  // of graphs that have the output expected_errors; without applied_strength
};

/// The opened graphs of one bundle on one runtime. May be used by several threads at once.
class Chain {
 public:
  /// @throws Error(Model) if a file is missing, damaged or not what bundle.json says, Error(Device).
  Chain(const Bundle& bundle, std::shared_ptr<Runtime> runtime);

  DeviceReport device() const { return runtime_->device(); }

  /// Steps that style_statistics() and run() report.
  int style_steps() const { return 1; }
  int content_steps() const { return static_cast<int>(bundle_.manifest().alignments.size()) + 1; }

  /// The statistics of a style photo at every alignment, for every label.
  /// @param photo   at working size, in 0..1.
  /// @param labels  K x H x W weights, planar; a view without data: the photo as a whole.
  std::vector<ChainAlignment::ByLabel> style_statistics(const ImageView& photo, const ImageView& labels,
                                                        StepProgress& progress) const;

  /// Sends a content photo down the chain.
  /// @param photo   at working size, in 0..1.
  /// @param labels  K x H x W weights that sum to 1 at every pixel, planar, or a view without data.
  /// @return  H x W x 3, not clipped.
  Image run(const ImageView& photo, const ImageView& labels, ChainAlignment& align, StepProgress& progress) const;

  /// From two thumbnails of 3 x side x side samples. The bundle has an estimator.
  Estimate estimate(const std::vector<float>& content, const std::vector<float>& style, StepProgress& progress) const;

 private:
  struct LabelTensor;

  Image photo_tensor(const ImageView& photo) const;
  LabelTensor label_tensor(const ImageView& labels, Index stride) const;
  ChainAlignment::ByLabel statistics(const Tensor& mean, const Tensor& covariance, const Alignment& alignment) const;

  const Bundle& bundle_;
  std::shared_ptr<Runtime> runtime_;
  std::vector<std::unique_ptr<Graph>> graphs_;  // style, segments, estimator
  std::vector<std::string> step_names_;         // of run()
};

}  // namespace fastphoto
