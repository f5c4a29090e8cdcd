// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "folded_rows.h"
#include "grid.h"
#include "level_matrix.h"
#include "parallel.h"
#include "pool.h"

namespace fastphoto {

/// Steps of damped Jacobi on a level, x += factor (r - K x), one for each factor: the diagonal blocks are the identity.
/// The steps go through the rows in line, each a row behind the one before: as many at a time as have their rows in the
/// cache.
/// Before and after a correction from the next level; r and x are kept in between.
class LevelSmoother {
 public:
  LevelSmoother(const LevelMatrix& matrix, std::vector<float> factors, Index right_sides);
  ~LevelSmoother();
  LevelSmoother(const LevelSmoother&) = delete;
  LevelSmoother& operator=(const LevelSmoother&) = delete;

  /// All steps for the right side r = v, from x = 0; leaves v = r - K x.
  void before(Workers& workers, Field<float>& v);

  /// Adds the correction v to x and takes the steps in reverse order; leaves v = x.
  void after(Workers& workers, Field<float>& v);

 private:
  struct Room;

  template <class Body>
  void for_each_row(Workers& workers, Index passes, FoldedRows<float>& even, FoldedRows<float>& odd, const Body& body);

  const LevelMatrix& matrix_;
  std::vector<float> factors_;
  Index right_sides_;
  FoldedRows<float> r_;
  FoldedRows<float> x_;
  FoldedRows<float> other_;  // what steps write to in turns with x
  Pool<Room> rooms_;
};

}  // namespace fastphoto
