// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "affinity.h"
#include "galerkin.h"
#include "stencil.h"
#include "transfer.h"
#include "windows.h"

using namespace fastphoto;

namespace {

/// Numbers in [-1, 1), the same on every platform.
struct Numbers {
  std::uint32_t state = 1;

  float next() {
    state = state * 1664525U + 1013904223U;
    return static_cast<float>(state >> 8) / 8388608.0F - 1.0F;
  }
};

void fill_random(Field<float>& field, Numbers& random) {
  for (Index c = 0; c < field.channels(); ++c) {
    for (Index row = 0; row < field.grid().height; ++row) {
      for (Index i = 0; i < field.grid().width; ++i) {
        field.row(c, row)[i] = random.next();
      }
    }
  }
}

double largest(const Field<float>& field) {
  double most = 0.0;
  for (Index c = 0; c < field.channels(); ++c) {
    for (Index row = 0; row < field.grid().height; ++row) {
      for (Index i = 0; i < field.grid().width; ++i) {
        most = std::max(most, std::abs(static_cast<double>(field.row(c, row)[i])));
      }
    }
  }
  return most;
}

}  // namespace

// The blocks and the transfers are written apart: K u = P^T A (P u) holds only if both are right.
TEST_CASE("coarse operators are the Galerkin products of the finer ones") {
  constexpr double least_variance = 1e-9;
  for (const Index width : {13, 16, 17, 50, 150}) {
    CAPTURE(width);
    const Grid grid{21, width, 2};
    Numbers random;
    ColorPlanes colors{grid.height, grid.width, {}};
    for (Index i = 0; i < 3 * colors.plane(); ++i) {
      colors.samples.push_back(0.5F + 0.5F * random.next());
    }
    Workers workers(2);
    Field<float> coefficients(grid, 12);
    assemble_affinity(workers, colors.samples, {1e-3, 1}, 1.0 / 9.0, coefficients);
    const PixelDiagonal diagonal(std::vector<float>(static_cast<std::size_t>(grid.height), 0.1F),
                                 std::vector<float>(static_cast<std::size_t>(grid.width), 0.5F));
    const StencilOperator system(coefficients, 1, diagonal);
    const LevelSetup first = coarsen_pixels(workers, colors, coefficients, diagonal, least_variance);
    const LevelSetup second = coarsen_level(workers, first, least_variance);

    // minus_expected = -P^T A P u and t = -K u.
    Field<float> u(first.level->grid(), 4);
    fill_random(u, random);
    Field<float> u_again = u;
    Field<float> fine(grid, 1);
    Field<float> applied(grid, 1);
    Field<float> expected(first.level->grid(), 4);
    add_prolonged_pixels(workers, colors, *first.level, u_again, fine);
    system.apply(workers, fine, applied);
    restrict_pixels(workers, colors, *first.level, applied, expected);
    Field<float> difference(first.level->grid(), 4);
    first.level->residual(workers, expected, u, difference);
    CHECK(largest(expected) > 0.1);
    CHECK(largest(difference) < 1e-4 * largest(expected));  // float32, and the ridge of 1e-5

    Field<float> v(second.level->grid(), 4);
    fill_random(v, random);
    Field<float> v_fine(first.level->grid(), 4);
    add_prolonged_level(workers, *first.level, *second.level, v, v_fine);
    const Field<float> zero(first.level->grid(), 4);
    Field<float> minus_applied(first.level->grid(), 4);
    first.level->residual(workers, zero, v_fine, minus_applied);
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
    second.level->residual(workers, minus_expected, minus_v, level_difference);
    CHECK(largest(level_difference) < 1e-4 * largest(minus_expected));
  }
}
