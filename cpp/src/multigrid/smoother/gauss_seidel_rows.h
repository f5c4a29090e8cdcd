// SPDX-License-Identifier: Apache-2.0
//
// Kernels of symmetric Gauss-Seidel on one folded row, with Eisenstat's trick.
#pragma once

#include <cstdint>

#include "fastphoto/image.h"

namespace fastphoto {

// Symmetric Gauss-Seidel on a level, row by row of folded nodes. The order of the nodes has six groups, and no node is
// next to another node of its group: even rows come before odd rows, and in a row even packs before odd packs. Where
// the segments have odd length, the last pack of one and pack 0 of the next would both be even; so the last pack comes
// between the even and the odd packs. L is the part of the operator K that ties each node to the nodes before it. With
// F = Id + L and G = F^T = Id + U,
//
//     K = F + G - Id,   M = F G = K + L U.
//
// So no eigenvalue of M^-1 K is larger than one. With y = G x and s = F^-1 r, a step x += factor M^-1 (r - K x) is
//
//     y += factor (s - w - v),   w = G^-1 y,   v = F^-1 (y - w),
//
// which takes as much work as one product with K (Eisenstat, "Efficient implementation of a class of preconditioned
// conjugate gradient methods", SIAM J. Sci. Stat. Comput. 2, 1981). Of its neighbours an even row reads only the w of
// the odd rows, and an odd row only the v of the even rows. So y is updated in place.

/// One row of nodes: where its part of the matrix lies, and its size.
struct NodeRow {
  const std::int32_t* pairs;        // pack 0 of LevelMatrix in this row
  const std::int32_t* pairs_above;  // and in the row above
  Index length;
  Index right_sides;
};

/// The rows above and below in a vector.
struct RowsBeside {
  const float* above;
  const float* below;
};

/// s = F^-1 s in place. Even rows are closed on return, and so are the rows beside an odd row when it is solved.
void solve_lower_even(const NodeRow& row, float* s);
void solve_lower_odd(const NodeRow& row, const RowsBeside& s_beside, float* s);

/// y = G x in place, of rows that are closed.
void multiply_upper_even(const NodeRow& row, const RowsBeside& x_beside, float* y);
void multiply_upper_odd(const NodeRow& row, float* y);

/// w = G^-1 y. For an even row w may be y. For an odd row w is closed on return.
void solve_upper_even(const NodeRow& row, const RowsBeside& w_beside, const float* y, float* w);
void solve_upper_odd(const NodeRow& row, const float* y, float* w);

/// Pack 0 of a row in the vectors of a step.
struct StepRow {
  const float* s;
  float* y;
  float* w;
  float* v;
};

/// A step: updates y. An even row leaves its v, closed; its w is room for a row. An odd row reads its w; its v is room.
void step_even(const NodeRow& row, const RowsBeside& w_beside, float factor, const StepRow& vectors);
void step_odd(const NodeRow& row, const RowsBeside& v_beside, float factor, const StepRow& vectors);

/// Pack 0 of a row in the vectors behind the last step.
struct FinishRow {
  const float* s;
  const float* w;  // of odd rows
  float* y;        // x on return
  float* q;
  float* rest;
};

/// Replaces y by x = w, and finds rest = r - K x = s - y + L q with q = s - w. An even row leaves its q, closed. An odd
/// row reads its w; its q is room for a row.
void finish_even(const NodeRow& row, const RowsBeside& w_beside, const FinishRow& vectors);
void finish_odd(const NodeRow& row, const RowsBeside& q_beside, const FinishRow& vectors);

}  // namespace fastphoto
