// SPDX-License-Identifier: Apache-2.0
//
// Symmetric Gauss-Seidel on a level in plain loops over nodes.
#include "multigrid/smoother/plain_smoother.h"

#include <utility>

#include "multigrid/coarse_level.h"

namespace fastphoto {

namespace {

constexpr Index places = 6;

/// When Gauss-Seidel comes to a node, as an order of the nodes by this number; no node is tied to another one of the
/// same number. Even rows come before odd rows, and in a row even packs before odd packs. A row is cut into segments of
/// `length` nodes, and pack j has the node j of every segment. Where the length is odd, the last pack of a segment and
/// pack 0 of the next one would both be even; so the last pack comes between the even and the odd ones.
Index place_in_order(Index row, Index node, Index length) {
  const Index pack = node % length;
  const bool last_of_odd = length % 2 != 0 && pack == length - 1;
  return 3 * (row % 2) + (pack % 2 != 0 ? 2 : last_of_odd ? 1 : 0);
}

void unfold(const FoldedRows<float>& from, Field<float>& to) {
  for (Index row = 0; row < from.height(); ++row) {
    unfold_row(from, row, to, row);
  }
}

void fold(const Field<float>& from, FoldedRows<float>& to) {
  for (Index row = 0; row < to.height(); ++row) {
    fold_row(from, row, to, row);
  }
}

/// to += factor from.
void add(float factor, const Field<float>& from, Field<float>& to) {
  for (Index row = 0; row < to.grid().height; ++row) {
    for (Index c = 0; c < to.channels(); ++c) {
      for (Index i = 0; i < to.grid().width; ++i) {
        to.row(c, row)[i] += factor * from.row(c, row)[i];
      }
    }
  }
}

}  // namespace

PlainSmoother::PlainSmoother(const LevelMatrix& matrix, std::vector<float> dampings, Index right_sides)
    : blocks_(matrix.blocks()),
      dampings_(std::move(dampings)),
      right_sides_(right_sides),
      r_(blocks_.grid(), 4 * right_sides),
      x_(r_),
      rest_(r_) {}

/// Calls visit(neighbour's row, neighbour's node, entry), where entry(a, b) is what K has between unknown a of a node
/// and unknown b of its neighbour.
template <class Visit>
void PlainSmoother::for_each_neighbour(Index row, Index node, const Visit& visit) const {
  const Grid& grid = blocks_.grid();
  for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
    const NeighbourOffset to = CoarseLevel::offsets[o];
    if (row + to.dy < grid.height && node + to.dx >= 0 && node + to.dx < grid.width) {
      visit(row + to.dy, node + to.dx, [&](Index a, Index b) { return blocks_.row(16 * o + 4 * a + b, row)[node]; });
    }
    const Index y = row - to.dy;
    const Index x = node - to.dx;
    if (y >= 0 && x >= 0 && x < grid.width) {  // the neighbour has the block, transposed
      visit(y, x, [&](Index a, Index b) { return blocks_.row(16 * o + 4 * b + a, y)[x]; });
    }
  }
}

/// rest = r - K x.
void PlainSmoother::find_residual() {
  rest_ = r_;
  add(-1.0F, x_, rest_);  // diagonal blocks of K are the identity
  for (Index row = 0; row < blocks_.grid().height; ++row) {
    for (Index node = 0; node < blocks_.grid().width; ++node) {
      for_each_neighbour(row, node, [&](Index y, Index x, const auto& entry) {
        for (Index a = 0; a < 4; ++a) {
          for (Index b = 0; b < 4; ++b) {
            for (Index side = 0; side < right_sides_; ++side) {
              rest_.row(a * right_sides_ + side, row)[node] -= entry(a, b) * x_.row(b * right_sides_ + side, y)[x];
            }
          }
        }
      });
    }
  }
}

/// z = F^-1 z forwards, G^-1 z backwards: takes off what the nodes visited before give to each node.
void PlainSmoother::solve(Order order, Field<float>& z) const {
  const Index length = folded_length(blocks_.grid().width);
  for (Index turn = 0; turn < places; ++turn) {
    const Index place = order == Order::Forwards ? turn : places - 1 - turn;
    for (Index row = 0; row < blocks_.grid().height; ++row) {
      for (Index node = 0; node < blocks_.grid().width; ++node) {
        if (place_in_order(row, node, length) != place) {
          continue;
        }
        for_each_neighbour(row, node, [&](Index y, Index x, const auto& entry) {
          const Index other = place_in_order(y, x, length);
          if (order == Order::Forwards ? other > place : other < place) {
            return;
          }
          for (Index a = 0; a < 4; ++a) {
            for (Index b = 0; b < 4; ++b) {
              for (Index side = 0; side < right_sides_; ++side) {
                z.row(a * right_sides_ + side, row)[node] -= entry(a, b) * z.row(b * right_sides_ + side, y)[x];
              }
            }
          }
        });
      }
    }
  }
}

void PlainSmoother::step(float damping) {
  find_residual();
  solve(Order::Forwards, rest_);
  solve(Order::Backwards, rest_);
  add(damping, rest_, x_);
}

void PlainSmoother::before(Workers& /*workers*/, FoldedRows<float>& v, FoldedRows<float>& rest) {
  unfold(v, r_);
  x_ = Field<float>(r_.grid(), r_.channels());
  for (const float damping : dampings_) {
    step(damping);
  }
  find_residual();
  fold(rest_, rest);
}

void PlainSmoother::after(Workers& /*workers*/, const FoldedRows<float>& correction, FoldedRows<float>& v) {
  unfold(correction, rest_);
  add(1.0F, rest_, x_);
  for (auto damping = dampings_.rbegin(); damping != dampings_.rend(); ++damping) {
    step(*damping);
  }
  fold(x_, v);
}

std::unique_ptr<LevelSmoother> make_plain_smoother(const LevelMatrix& matrix, std::vector<float> dampings,
                                                   Index right_sides) {
  return std::make_unique<PlainSmoother>(matrix, std::move(dampings), right_sides);
}

}  // namespace fastphoto
