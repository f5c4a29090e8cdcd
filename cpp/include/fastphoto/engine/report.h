// SPDX-License-Identifier: Apache-2.0
//
// What a run did: sizes, labels, stages, seconds, the solver's figures and the device that was really used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fastphoto/closed_form_smoothing.h"
#include "fastphoto/image.h"

namespace fastphoto {

/// Where the network runs, why there, and the precision of the convolutions that may run in less than float32.
struct DeviceReport {
  std::string requested;  ///< "auto", "cpu" or "cuda"
  std::string used;       ///< "cpu" or "cuda"
  std::string provider;   ///< as the runtime names it
  std::string reason;
  std::string precision;  ///< "float32" or "float16"
};

struct StageReport {
  std::string name;
  double seconds = 0.0;
};

struct Size {
  Index height = 0;
  Index width = 0;
};

/// How well the style tells what the content should look like, as the model's estimator expects it. Errors are roots of
/// mean squares over R, G and B in 0..1, measured against the picture that the look's maker would have made.
struct LookFit {
  double untouched_error = 0.0;   ///< of the content as it is
  double expected_error = 0.0;    ///< of the result at full strength
  double fit = 0.0;               ///< 1 - (expected_error / untouched_error)^2, 0 to 1: the share that is explained
  double applied_strength = 0.0;  ///< what the map of colours was applied with: less than asked for where the fit is
                                  ///< poor, more where the caller insists
};

/// The account of one Stylizer::apply.
struct Report {
  std::string model;
  std::string model_version;
  DeviceReport device;
  double strength = 1.0;
  std::optional<LookFit> look_fit;  ///< of models with an estimator that knows its own error
  Size content_size;
  Size working_size;                      ///< at which the network saw the content
  std::vector<std::int64_t> labels;       ///< that took part
  std::vector<std::int64_t> kept_labels;  ///< of the content that kept their look: the style has too little of them
  std::string smoothing;                  ///< "closed-form", "guided" or "none"; empty if nothing was done
  Size smoothing_size;                    ///< at which the photo was smoothed
  double expected_error = 0.0;  ///< mean difference to exact smoothing that is to be expected, 0..1; 0 if it is exact
  std::optional<SmoothingInfo> solver;  ///< of closed-form smoothing
  std::vector<StageReport> stages;
};

}  // namespace fastphoto
