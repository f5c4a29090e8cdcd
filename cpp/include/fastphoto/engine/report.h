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

/// The account of one Stylizer::apply.
struct Report {
  std::string model;
  std::string model_version;
  DeviceReport device;
  double strength = 1.0;
  Size content_size;
  Size working_size;                      ///< at which the network saw the content
  std::vector<std::int64_t> labels;       ///< that took part
  std::vector<std::int64_t> kept_labels;  ///< of the content that kept their look: the style has too little of them
  std::string smoothing;                  ///< "closed-form", "guided" or "none"; empty if nothing was done
  std::optional<SmoothingInfo> solver;    ///< of closed-form smoothing
  std::vector<StageReport> stages;
};

}  // namespace fastphoto
