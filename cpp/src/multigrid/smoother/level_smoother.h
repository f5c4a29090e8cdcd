// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/field.h"
#include "base/parallel.h"
#include "multigrid/folded_rows.h"
#include "multigrid/smoother/gauss_seidel_rows.h"
#include "multigrid/smoother/level_matrix.h"

namespace fastphoto {

/// Steps of symmetric Gauss-Seidel on a level, x += factor M^-1 (r - K x), one for each factor (gauss_seidel_rows.h),
/// before and after a correction from the next level. The steps go through the rows in line, each two rows behind the
/// one before: as many at a time as have their rows in the cache.
class LevelSmoother {
 public:
  LevelSmoother(const LevelMatrix& matrix, std::vector<float> factors, Index right_sides);
  ~LevelSmoother();
  LevelSmoother(const LevelSmoother&) = delete;
  LevelSmoother& operator=(const LevelSmoother&) = delete;

  /// All steps for the right side r in `v`, from x = 0: rest = r - K x. Leaves x in `v`.
  void before(Workers& workers, FoldedRows<float>& v, FoldedRows<float>& rest);

  /// Adds the correction to the x of `before` and takes the steps in reverse order, for the same r.
  void after(Workers& workers, const FoldedRows<float>& correction, FoldedRows<float>& v);

 private:
  struct Room;
  struct Task;
  struct Steps;
  struct Visits;

  NodeRow nodes(Index row) const;
  void step_row(float factor, Index row, const Task& task) const;
  void pass_over(const Task& task, const Steps& steps, const Visits& visits) const;
  void sweep(Workers& workers, FoldedRows<float>& y, Index count, const Visits& visits);

  const LevelMatrix& matrix_;
  std::vector<float> factors_;
  Index right_sides_;
  FoldedRows<float> s_;  // F^-1 r
  std::vector<std::unique_ptr<Room>> rooms_;
};

}  // namespace fastphoto
