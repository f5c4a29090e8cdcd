// SPDX-License-Identifier: Apache-2.0
//
// Sums over rows that do not depend on which thread computed which row.
#pragma once

#include <vector>

#include "fastphoto/image.h"

namespace fastphoto {

/// One number per channel, such as a dot product or a step length.
using PerChannel = std::vector<double>;

/// Partial sums by row and channel, added up in row order: the total does not depend on which thread did which row.
class RowSums {
 public:
  RowSums(Index rows, Index channels)
      : rows_(rows), channels_(channels), sums_(static_cast<std::size_t>(rows * channels)) {}

  double& at(Index row, Index channel) { return sums_[static_cast<std::size_t>(row * channels_ + channel)]; }

  PerChannel total() const {
    PerChannel total(static_cast<std::size_t>(channels_));
    for (Index i = 0; i < rows_ * channels_; ++i) {
      total[static_cast<std::size_t>(i % channels_)] += sums_[static_cast<std::size_t>(i)];
    }
    return total;
  }

 private:
  Index rows_;
  Index channels_;
  std::vector<double> sums_;
};

}  // namespace fastphoto
