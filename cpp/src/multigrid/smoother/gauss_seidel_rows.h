// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "fastphoto/image.h"

namespace fastphoto {

// Symmetric Gauss-Seidel on a level, row by row of folded nodes. The nodes have an order in which none is next to one
// of its own colour: even rows before odd ones, and in a row even packs before odd ones. Where segments of odd length
// follow one another two packs that are even would meet; there the last one of each comes between even and odd. With
// the part L of the operator K that ties each node to those before it, F = Id + L and G = F^T = Id + U,
//
//     K = F + G - Id,   M = F G = K + L U.
//
// So no eigenvalue of M^-1 K is larger than one. With y = G x and s = F^-1 r, a step x += factor M^-1 (r - K x) is
//
//     y += factor (s - w - v),   w = G^-1 y,   v = F^-1 (y - w),
//
// which takes as much work as one product with K (Eisenstat, "Efficient implementation of a class of preconditioned
// conjugate gradient methods", SIAM J. Sci. Stat. Comput. 2, 1981). Of the other rows an even row reads nothing but
// the odd rows' w, an odd row nothing but the even rows' v: y is updated in place.

/// Pointers to pack 0 of what kernels need to know of one row of nodes.
struct NodeRow {
  const std::int32_t* pairs;        // of LevelMatrix, of this row and
  const std::int32_t* pairs_above;  // of the row above
  Index length;
  Index right_sides;
};

/// The rows above and below in a vector.
struct RowsBeside {
  const float* above;
  const float* below;
};

/// s = F^-1 s in place. Leaves even rows closed, as are those beside an odd row.
void solve_lower_even(const NodeRow& row, float* s);
void solve_lower_odd(const NodeRow& row, const RowsBeside& s_beside, float* s);

/// y = G x in place, of rows that are closed.
void multiply_upper_even(const NodeRow& row, const RowsBeside& x_beside, float* y);
void multiply_upper_odd(const NodeRow& row, float* y);

/// w = G^-1 y, of even rows also in place; that of odd rows closed.
void solve_upper_even(const NodeRow& row, const RowsBeside& w_beside, const float* y, float* w);
void solve_upper_odd(const NodeRow& row, const float* y, float* w);

/// A step: updates y. Even rows leave v, closed, and use `w` as room for a row; odd rows have their w and use `v` as
/// room.
void step_even(const NodeRow& row, const RowsBeside& w_beside, float factor, const float* s, float* y, float* w,
               float* v);
void step_odd(const NodeRow& row, const RowsBeside& v_beside, float factor, const float* s, const float* w, float* y,
              float* v);

/// x = w in place of y, and t = r - K x = s - y + L q with q = s - w. Even rows leave q, closed; odd rows have their w
/// and use `q` as room.
void finish_even(const NodeRow& row, const RowsBeside& w_beside, const float* s, float* x, float* q, float* t);
void finish_odd(const NodeRow& row, const RowsBeside& q_beside, const float* s, const float* w, float* x, float* q,
                float* t);

}  // namespace fastphoto
