// SPDX-License-Identifier: Apache-2.0
//
// Tries two Jacobi steps on a residual, and takes them, row by row.
#include "solver/last_steps.h"

#include <memory>

#include "base/dot.h"

namespace fastphoto {

struct LastSteps::Rows {
  Rows(const StencilOperator& system, const PixelDiagonal& bound, Index channels)
      : jacobi(system, bound, channels, rows_per_chunk),
        t(Grid{1, system.grid().width, system.grid().halo}, channels),
        stencil(system, channels) {}

  JacobiRows jacobi;
  Field<float> t;
  StencilRows stencil;
};

LastSteps::LastSteps(const StencilOperator& system, const PixelDiagonal& bound, Index channels)
    : system_(system),
      bound_(bound),
      channels_(channels),
      rows_([this] { return std::make_unique<Rows>(system_, bound_, channels_); }) {}

LastSteps::~LastSteps() = default;

/// Calls body(rows, row) for all rows of the image, with a step from zero, y = F r, in rows.jacobi.
template <class Body>
void LastSteps::for_each_row(Workers& workers, const Field<float>& r, const Body& body) {
  workers.run(system_.grid().height, rows_per_chunk, [&](Index begin, Index end) {
    Pool<Rows>::Loan rows(rows_);
    (*rows).jacobi.turn_to(begin, end);
    JacobiRows& jacobi = (*rows).jacobi;
    for (Index row = begin; row < end; ++row) {
      jacobi.make_until(row, [&](Index made) { jacobi.step_from_zero(made, r); });
      body(*rows, row);
    }
  });
}

PerChannel LastSteps::attempt(Workers& workers, const Field<float>& r, Field<float>& z) {
  for_each_row(workers, r, [&](Rows& rows, Index row) {
    rows.stencil.subtract(row, r.row(0, row), rows.jacobi.y(row), z.row(0, row));
  });
  RowSums squares(system_.grid().height, channels_);
  for_each_row(workers, z, [&](Rows& rows, Index row) {
    rows.stencil.subtract(row, z.row(0, row), rows.jacobi.y(row), rows.t.row(0, 0));
    for (Index c = 0; c < channels_; ++c) {
      squares.at(row, c) = dot_row(rows.t.row(c, 0), rows.t.row(c, 0), system_.grid().width);
    }
  });
  return squares.total();
}

void LastSteps::take(Workers& workers, const Field<float>& r, const Field<float>& z, Field<float>& e) {
  for_each_row(workers, r, [&](Rows& rows, Index row) {
    rows.jacobi.add_step(row, z);
    for (Index c = 0; c < channels_; ++c) {
      const float* step = rows.jacobi.y(row) + c * rows.jacobi.channel_step();
      float* to = e.row(c, row);
      for (Index i = 0; i < system_.grid().width; ++i) {
        to[i] += step[i];
      }
    }
  });
}

}  // namespace fastphoto
