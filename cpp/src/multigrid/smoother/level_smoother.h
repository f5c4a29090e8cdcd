// SPDX-License-Identifier: Apache-2.0
//
// What multigrid asks of the smoother on a level.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/parallel.h"
#include "multigrid/folded_rows.h"
#include "multigrid/smoother/level_matrix.h"

namespace fastphoto {

/// Steps of an iteration for K x = r on a level, x += damping M^-1 (r - K x), before and after a correction from the
/// coarser level. M approximates K. It is symmetric, and no eigenvalue of M^-1 K is larger than one.
///
/// The steps after the correction take the same dampings, last one first. So the V-cycle is symmetric, as conjugate
/// gradients need it.
class LevelSmoother {
 public:
  LevelSmoother() = default;
  virtual ~LevelSmoother() = default;
  LevelSmoother(const LevelSmoother&) = delete;
  LevelSmoother& operator=(const LevelSmoother&) = delete;

  /// Takes all steps from x = 0 for the right side r, which is in `v`: rest = r - K x. x stays in the object or
  /// in `v`, wherever after() looks for it.
  virtual void before(Workers& workers, FoldedRows<float>& v, FoldedRows<float>& rest) = 0;

  /// Adds the correction to the x of the last before(), takes the steps for the same r, and leaves x in `v`.
  virtual void after(Workers& workers, const FoldedRows<float>& correction, FoldedRows<float>& v) = 0;
};

/// Makes the smoother of a level.
///
/// @param matrix  K, which outlives the smoother.
/// @param dampings  one for each step, in the order of the steps before the correction.
/// @param right_sides  that are solved for at once, 1 to 4.
using MakeLevelSmoother = std::function<std::unique_ptr<LevelSmoother>(const LevelMatrix& matrix,
                                                                       std::vector<float> dampings, Index right_sides)>;

}  // namespace fastphoto
