// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "matting/affinity.h"
#include "matting/window_offsets.h"
#include "random_field.h"
#include "solver/conjugate_gradient.h"
#include "solver/last_steps.h"
#include "solver/preconditioner.h"
#include "solver/stencil.h"

using namespace fastphoto;

namespace {

struct System {
  System(Workers& workers, Index height, Index width, Index radius)
      : bound(std::vector<float>(static_cast<std::size_t>(height), 1.0F),
              std::vector<float>(static_cast<std::size_t>(width), 1.0F), weights(height * width)),
        matrix(coefficients(workers, Grid{height, width, 2 * radius}, radius), radius,
               PixelDiagonal(std::vector<float>(static_cast<std::size_t>(height), 0.01F),
                             std::vector<float>(static_cast<std::size_t>(width), 1.0F))) {}

  static std::vector<float> weights(Index count) {
    std::vector<float> result(static_cast<std::size_t>(count));
    Numbers random;
    for (float& weight : result) {
      weight = 1.5F + random.next() / 4.0F;  // from 1.25 on: the bound holds
    }
    return result;
  }

  static Field<float> coefficients(Workers& workers, const Grid& grid, Index radius) {
    Field<float> colors(Grid{grid.height, grid.width, 0}, 3);
    Numbers random;
    fill_random(colors, random);
    Field<float> result(grid, static_cast<Index>(positive_offsets(radius).size()));
    const auto window = static_cast<double>((2 * radius + 1) * (2 * radius + 1));
    assemble_affinity(workers, colors, {1e-3, static_cast<int>(radius)}, 1.0 / window, result);
    return result;
  }

  PixelDiagonal bound;
  StencilOperator matrix;
};

/// y = F x with F = 1.5 / bound.
Field<float> step(const System& system, const Field<float>& x) {
  Field<float> y = x;
  std::vector<float> bound(static_cast<std::size_t>(x.grid().width));
  for (Index row = 0; row < x.grid().height; ++row) {
    system.bound.read(row, 0, x.grid().width, bound.data());
    for (Index c = 0; c < x.channels(); ++c) {
      for (Index i = 0; i < x.grid().width; ++i) {
        y.row(c, row)[i] = 1.5F * x.row(c, row)[i] / bound[static_cast<std::size_t>(i)];
      }
    }
  }
  return y;
}

/// to += factor x.
void add(float factor, const Field<float>& x, Field<float>& to) {
  for (Index row = 0; row < x.grid().height; ++row) {
    for (Index c = 0; c < x.channels(); ++c) {
      for (Index i = 0; i < x.grid().width; ++i) {
        to.row(c, row)[i] += factor * x.row(c, row)[i];
      }
    }
  }
}

/// r - A F r.
Field<float> residual_after_step(Workers& workers, const System& system, const Field<float>& r) {
  const Field<float> y = step(system, r);
  Field<float> applied(r.grid(), r.channels());
  system.matrix.apply(workers, y, applied);
  Field<float> result = r;
  add(-1.0F, applied, result);
  return result;
}

}  // namespace

TEST_CASE("the last steps are two steps of damped Jacobi") {
  for (const Index radius : {1, 2}) {
    for (const Index height : {5, 16, 37}) {  // less than a task, one, several
      for (const int threads : {1, 3}) {
        CAPTURE(radius);
        CAPTURE(height);
        CAPTURE(threads);
        Workers workers(threads);
        const System system(workers, height, 29, radius);
        const Index channels = 3;
        Field<float> r(system.matrix.grid(), channels);
        Numbers random;
        fill_random(r, random);
        const Field<float> once = residual_after_step(workers, system, r);
        const Field<float> twice = residual_after_step(workers, system, once);

        LastSteps steps(system.matrix, system.bound, channels);
        Field<float> z(r.grid(), channels);
        const PerChannel squares = steps.attempt(workers, r, z);
        Field<float> difference = z;
        add(-1.0F, once, difference);
        CHECK(largest(difference) < 1e-6);  // some roundings of numbers of size 1
        for (Index c = 0; c < channels; ++c) {
          double expected = 0.0;
          for (Index row = 0; row < height; ++row) {
            for (Index i = 0; i < r.grid().width; ++i) {
              expected += static_cast<double>(twice.row(c, row)[i]) * static_cast<double>(twice.row(c, row)[i]);
            }
          }
          CHECK(squares[static_cast<std::size_t>(c)] == doctest::Approx(expected).epsilon(1e-5));
        }

        Field<float> e(r.grid(), channels);
        fill_random(e, random);
        Field<float> moved = e;
        steps.take(workers, r, z, moved);
        add(-1.0F, e, moved);
        add(-1.0F, step(system, r), moved);
        add(-1.0F, step(system, once), moved);
        CHECK(largest(moved) < 1e-6);
      }
    }
  }
}

TEST_CASE("the last steps end an iteration earlier, at the same residual") {
  Workers workers(1);
  const System system(workers, 60, 50, 1);
  Field<float> right(system.matrix.grid(), 1);
  Numbers random;
  fill_random(right, random);
  const auto b = [&](Index c, Index row, float* out) { std::copy_n(right.row(c, row), right.grid().width, out); };
  const auto solve = [&](LastSteps* last_steps) {
    DiagonalPreconditioner preconditioner(system.bound);
    Solution x;
    return conjugate_gradient(workers, {system.matrix, 1, b, nullptr}, preconditioner, last_steps,
                              {1e-3, 500, {}, false}, x);
  };
  LastSteps last_steps(system.matrix, system.bound, 1);
  const SolveReport with = solve(&last_steps);
  const SolveReport without = solve(nullptr);
  CHECK(with.converged);
  CHECK(without.converged);
  CHECK(with.residual <= 1e-3);
  CHECK(with.iterations < without.iterations);
}
