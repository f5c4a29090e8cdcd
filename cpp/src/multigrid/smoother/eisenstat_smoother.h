// SPDX-License-Identifier: Apache-2.0
//
// The smoother that multigrid uses: symmetric Gauss-Seidel at half the work, on folded rows, several steps in line.
#pragma once

#include <memory>
#include <vector>

#include "multigrid/smoother/level_smoother.h"
#include "multigrid/smoother/sweep.h"

namespace fastphoto {

/// Symmetric Gauss-Seidel with Eisenstat's trick (gauss_seidel_rows.h). PlainSmoother takes the same steps in a way
/// that is easier to read.
class EisenstatSmoother final : public LevelSmoother {
 public:
  EisenstatSmoother(const LevelMatrix& matrix, std::vector<float> dampings, Index right_sides);

  void before(Workers& workers, FoldedRows<float>& v, FoldedRows<float>& rest) override;
  void after(Workers& workers, const FoldedRows<float>& correction, FoldedRows<float>& v) override;

 private:
  const LevelMatrix& matrix_;
  std::vector<float> dampings_;
  Index right_sides_;
  FoldedRows<float> s_;  // F^-1 r
  Sweep sweep_;
};

std::unique_ptr<LevelSmoother> make_eisenstat_smoother(const LevelMatrix& matrix, std::vector<float> dampings,
                                                       Index right_sides);

}  // namespace fastphoto
