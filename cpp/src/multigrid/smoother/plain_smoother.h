// SPDX-License-Identifier: Apache-2.0
//
// The plain smoother on a level: the steps of EisenstatSmoother, node by node as the definition says.
#pragma once

#include <memory>
#include <vector>

#include "base/field.h"
#include "multigrid/smoother/level_smoother.h"

namespace fastphoto {

/// Symmetric Gauss-Seidel in plain loops: x += damping (F G)^-1 (r - K x). F is the part of K that ties each node to
/// itself and to the nodes before it. G is F transposed. This class is the twin of EisenstatSmoother and a pattern for
/// other smoothers. It is slow, runs on one thread, and spreads the 16-bit entries into float32 blocks.
class PlainSmoother final : public LevelSmoother {
 public:
  PlainSmoother(const LevelMatrix& matrix, std::vector<float> dampings, Index right_sides);

  void before(Workers& workers, FoldedRows<float>& v, FoldedRows<float>& rest) override;
  void after(Workers& workers, const FoldedRows<float>& correction, FoldedRows<float>& v) override;

 private:
  enum class Order { Forwards, Backwards };

  template <class Visit>
  void for_each_neighbour(Index row, Index node, const Visit& visit) const;
  void find_residual();
  void solve(Order order, Field<float>& z) const;
  void step(float damping);

  Field<float> blocks_;  // of K, as CoarseLevel describes them
  std::vector<float> dampings_;
  Index right_sides_;
  Field<float> r_;
  Field<float> x_;
  Field<float> rest_;  // r - K x
};

std::unique_ptr<LevelSmoother> make_plain_smoother(const LevelMatrix& matrix, std::vector<float> dampings,
                                                   Index right_sides);

}  // namespace fastphoto
