// SPDX-License-Identifier: Apache-2.0
//
// Notes how long each stage of a call took.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "fastphoto/engine/report.h"

namespace fastphoto {

/// Each stage lasts from the end of the one before.
class Stopwatch {
 public:
  explicit Stopwatch(std::vector<StageReport>& stages) : stages_(stages), begin_(Clock::now()) {}

  void end_of(const char* stage) {
    const auto now = Clock::now();
    stages_.push_back({stage, std::chrono::duration<double>(now - begin_).count()});
    begin_ = now;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::vector<StageReport>& stages_;
  Clock::time_point begin_;
};

}  // namespace fastphoto
