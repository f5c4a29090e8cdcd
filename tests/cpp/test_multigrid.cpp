// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "affinity.h"
#include "aggregates.h"
#include "galerkin.h"
#include "level_smoother.h"
#include "level_transfer.h"
#include "random_field.h"
#include "stencil.h"
#include "windows.h"

using namespace fastphoto;

namespace {

/// t = r - K x.
void residual(Workers& workers, const CoarseLevel& level, const Field<float>& r, const Field<float>& x,
              Field<float>& t) {
  Field<float> start = x;
  LevelSmoother(level, {1.0F}, 1).backwards(workers, r, start, t);  // x + r - K x
  for (Index c = 0; c < t.channels(); ++c) {
    for (Index row = 0; row < t.grid().height; ++row) {
      for (Index i = 0; i < t.grid().width; ++i) {
        t.row(c, row)[i] -= x.row(c, row)[i];
      }
    }
  }
}

/// Zero where a basis has been left without a function, as in a column of three pixels, which cannot hold four.
void keep_in_basis(const CoarseLevel& level, Field<float>& u) {
  for (Index row = 0; row < level.grid().height; ++row) {
    for (Index i = 0; i < level.grid().width; ++i) {
      for (Index c = 1; c < 4; ++c) {
        bool any = false;
        for (Index color = 0; color < 3; ++color) {
          any = any || level.basis().row(CoarseLevel::to_plane + 4 + 3 * color + c - 1, row)[i] != 0.0F;
        }
        u.row(c, row)[i] = any ? u.row(c, row)[i] : 0.0F;
      }
    }
  }
}

}  // namespace

// The blocks and the transfers are written apart: K u = P^T A (P u) holds only if both are right.
TEST_CASE("coarse operators are the Galerkin products of the finer ones") {
  constexpr double least_variance = 1e-9;
  for (const Index width : {13, 16, 17, 50, 150}) {
    CAPTURE(width);
    const Grid grid{21, width, 2};
    Numbers random;
    Field<float> centred(grid, 3);
    fill_random(centred, random);
    Workers workers(2);
    Field<float> coefficients(grid, 12);
    assemble_affinity(workers, centred, {1e-3, 1}, 1.0 / 9.0, coefficients);
    const PixelDiagonal diagonal(std::vector<float>(static_cast<std::size_t>(grid.height), 0.1F),
                                 std::vector<float>(static_cast<std::size_t>(grid.width), 0.5F));
    const StencilOperator system(coefficients, 1, diagonal);
    const LevelSetup first = coarsen_pixels(workers, coefficients, diagonal, least_variance, centred);
    const LevelSetup second = coarsen_level(workers, first, least_variance);

    // expected = P^T A P u and difference = expected - K u.
    Field<float> u(first.level->grid(), 4);
    fill_random(u, random);
    keep_in_basis(*first.level, u);
    Field<float> fine(grid, 1);
    AggregateProlongation prolongation(*first.level, centred, 1);
    for (Index row = 0; row < grid.height; ++row) {
      prolongation.row(row, u, fine.row(0, row), fine.channel_step());
    }
    Field<float> applied(grid, 1);
    system.apply(workers, fine, applied);
    Field<float> expected(first.level->grid(), 4);
    AggregateRestriction restriction(*first.level, centred, 1);
    for (Index row = 0; row < grid.height; ++row) {
      restriction.add(row, applied.row(0, row), applied.channel_step());
      if (row % aggregate_side == aggregate_side - 1 || row + 1 == grid.height) {
        restriction.finish(row / aggregate_side, expected);
      }
    }
    Field<float> difference(first.level->grid(), 4);
    residual(workers, *first.level, expected, u, difference);
    CHECK(largest(expected) > 0.1);
    CHECK(largest(difference) < 1e-4 * largest(expected));  // float32, and the ridge of 1e-5

    Field<float> v(second.level->grid(), 4);
    fill_random(v, random);
    keep_in_basis(*second.level, v);
    Field<float> v_fine(first.level->grid(), 4);
    add_prolonged_level(workers, *first.level, *second.level, v, v_fine);
    const Field<float> zero(first.level->grid(), 4);
    Field<float> minus_applied(first.level->grid(), 4);
    residual(workers, *first.level, zero, v_fine, minus_applied);
    Field<float> minus_expected(second.level->grid(), 4);
    restrict_level(workers, *first.level, *second.level, minus_applied, minus_expected);
    Field<float> minus_v = v;
    for (Index c = 0; c < 4; ++c) {
      for (Index row = 0; row < minus_v.grid().height; ++row) {
        for (Index i = 0; i < minus_v.grid().width; ++i) {
          minus_v.row(c, row)[i] = -v.row(c, row)[i];
        }
      }
    }
    Field<float> level_difference(second.level->grid(), 4);
    residual(workers, *second.level, minus_expected, minus_v, level_difference);
    CHECK(largest(level_difference) < 1e-4 * largest(minus_expected));
  }
}

// The smoothers on the levels rely on it.
TEST_CASE("no eigenvalue of a coarse operator is larger than four, nor negative") {
  const Grid grid{40, 50, 2};
  Workers workers(1);
  for (const int kind : {0, 1, 2}) {
    CAPTURE(kind);
    Numbers random;
    Field<float> colors(grid, 3);
    for (Index c = 0; c < 3; ++c) {
      for (Index row = 0; row < grid.height; ++row) {
        for (Index i = 0; i < grid.width; ++i) {
          const float ramp = static_cast<float>(i) / 50.0F;
          colors.row(c, row)[i] = kind == 0 ? random.next() : kind == 1 ? ramp : static_cast<float>(i % 2);
        }
      }
    }
    Field<float> coefficients(grid, 12);
    assemble_affinity(workers, colors, {1e-7, 1}, 1.0 / 9.0, coefficients);
    const PixelDiagonal diagonal(std::vector<float>(static_cast<std::size_t>(grid.height), 0.01F),
                                 std::vector<float>(static_cast<std::size_t>(grid.width), 0.01F));
    LevelSetup setup = coarsen_pixels(workers, coefficients, diagonal, 1e-9, colors);
    for (int level = 0; level < 3; ++level) {
      CAPTURE(level);
      const CoarseLevel& nodes = *setup.level;
      Field<float> x(nodes.grid(), 4);
      Field<float> minus_applied(nodes.grid(), 4);
      const Field<float> zero(nodes.grid(), 4);
      fill_random(x, random);
      keep_in_basis(nodes, x);
      double eigenvalue = 0.0;
      for (int step = 0; step < 60; ++step) {
        residual(workers, nodes, zero, x, minus_applied);
        eigenvalue = largest(minus_applied);
        double energy = 0.0;
        for (Index c = 0; c < 4; ++c) {
          for (Index row = 0; row < nodes.grid().height; ++row) {
            for (Index i = 0; i < nodes.grid().width; ++i) {
              energy -= static_cast<double>(x.row(c, row)[i] * minus_applied.row(c, row)[i]);
              x.row(c, row)[i] = minus_applied.row(c, row)[i] / static_cast<float>(eigenvalue);
            }
          }
        }
        CHECK(energy > 0.0);
      }
      CHECK(eigenvalue > 1.0);  // the diagonal alone
      CHECK(eigenvalue <= CoarseLevel::largest_eigenvalue);
      setup = coarsen_level(workers, setup, 1e-9);
    }
  }
}

// The steps of several rows and passes are interleaved, in two vectors and in the tasks' own: against a plain loop.
TEST_CASE("smoothing steps in line are the same as one after another") {
  for (const Index height : {1, 5, 9, 40}) {
    for (const int steps : {1, 2, 3, 10}) {
      for (const int threads : {1, 3}) {
        CAPTURE(height);
        CAPTURE(steps);
        CAPTURE(threads);
        Numbers random;
        CoarseLevel level(height, 21);
        for (Index plane = 0; plane < level.blocks().channels(); ++plane) {
          for (Index row = 0; row < height; ++row) {
            for (Index i = 0; i < 21; ++i) {
              const NeighbourOffset to = CoarseLevel::offsets[plane / 16];
              const bool inside = row + to.dy < height && i + to.dx >= 0 && i + to.dx < 21;
              level.blocks().row(plane, row)[i] = inside ? 0.05F * random.next() : 0.0F;
            }
          }
        }
        Field<float> r(level.grid(), 8);
        fill_random(r, random);
        std::vector<float> factors(static_cast<std::size_t>(steps));
        for (std::size_t step = 0; step < factors.size(); ++step) {
          factors[step] = 0.3F + 0.1F * static_cast<float>(step);
        }
        Workers one(1);
        const auto plain_step = [&](float factor, Field<float>& x) {
          Field<float> room = x;
          Field<float> next(level.grid(), 8);
          LevelSmoother(level, {factor}, 2).backwards(one, r, room, next);
          std::swap(x, next);
        };
        const auto check_equal = [&](const Field<float>& got, const Field<float>& wanted) {
          for (Index c = 0; c < 8; ++c) {
            for (Index row = 0; row < height; ++row) {
              for (Index i = 0; i < 21; ++i) {
                REQUIRE(got.row(c, row)[i] == wanted.row(c, row)[i]);
              }
            }
          }
        };
        Workers workers(threads);
        LevelSmoother smoother(level, factors, 2);
        Field<float> start(level.grid(), 8);
        fill_random(start, random);
        Field<float> wanted = start;
        for (int step = steps - 1; step >= 0; --step) {
          plain_step(factors[static_cast<std::size_t>(step)], wanted);
        }
        Field<float> y(level.grid(), 8);
        smoother.backwards(workers, r, start, y);
        check_equal(y, wanted);

        Field<float> x(level.grid(), 8);
        for (const float factor : factors) {
          plain_step(factor, x);
        }
        Field<float> rest = x;
        plain_step(1.0F, rest);  // x + r - K x
        Field<float> t(level.grid(), 8);
        smoother.from_zero(workers, r, y, t);
        check_equal(y, x);
        for (Index c = 0; c < 8; ++c) {
          for (Index row = 0; row < height; ++row) {
            for (Index i = 0; i < 21; ++i) {
              REQUIRE(std::abs(t.row(c, row)[i] + x.row(c, row)[i] - rest.row(c, row)[i]) < 1e-5F);
            }
          }
        }
      }
    }
  }
}
