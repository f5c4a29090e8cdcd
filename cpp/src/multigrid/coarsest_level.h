// SPDX-License-Identifier: Apache-2.0
//
// Solves the coarsest level of the multigrid by a dense factorisation.
#pragma once

#include <memory>

#include "base/field.h"
#include "multigrid/folded_rows.h"

namespace fastphoto {

/// The operator of the coarsest level, factorised.
class CoarsestLevel {
 public:
  /// @param blocks  of the operator, 4 x 4 for each pair of neighbouring nodes, as those of LevelSetup.
  /// Null if the operator is not positive definite.
  static std::unique_ptr<CoarsestLevel> factorize(const Field<float>& blocks);

  ~CoarsestLevel();
  CoarsestLevel(const CoarsestLevel&) = delete;
  CoarsestLevel& operator=(const CoarsestLevel&) = delete;

  /// Replaces a right side by the solution.
  void solve(FoldedRows<float>& x) const;

 private:
  struct Factor;  // Eigen's headers would be compiled with the whole solver

  CoarsestLevel(Grid grid, std::unique_ptr<Factor> factor);

  Grid grid_;
  std::unique_ptr<Factor> factor_;
};

}  // namespace fastphoto
