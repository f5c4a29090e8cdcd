// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "coarse_level.h"
#include "grid.h"
#include "parallel.h"
#include "pool.h"

namespace fastphoto {

/// Steps of damped Jacobi on a level, x += factor (r - K x), one for each factor: the diagonal blocks are the identity.
/// The steps go through the rows in line, each a row behind the one before, so that blocks come from memory once.
class LevelSmoother {
 public:
  LevelSmoother(const CoarseLevel& level, std::vector<float> factors, Index right_sides);
  ~LevelSmoother();
  LevelSmoother(const LevelSmoother&) = delete;
  LevelSmoother& operator=(const LevelSmoother&) = delete;

  /// y = x after all steps from x = 0, and t = r - K y. r, y and t are different fields.
  void from_zero(Workers& workers, const Field<float>& r, Field<float>& y, Field<float>& t);

  /// y = x after the steps in reverse order. y is not x, and x is lost.
  void backwards(Workers& workers, const Field<float>& r, Field<float>& x, Field<float>& y);

 private:
  struct Room;

  template <class Body>
  bool for_each_row(Workers& workers, Index passes, Field<float>& even, Field<float>& odd, const Body& body);

  const CoarseLevel& level_;
  std::vector<float> factors_;
  Index right_sides_;
  Pool<Room> rooms_;
};

}  // namespace fastphoto
