// SPDX-License-Identifier: Apache-2.0
//
// Tests the coarse operators, the transfers between levels, and folded rows.
#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "matting/affinity.h"
#include "matting/window_offsets.h"
#include "multigrid/aggregates.h"
#include "multigrid/coarsen.h"
#include "multigrid/folded_rows.h"
#include "multigrid/level_fields.h"
#include "multigrid/level_transfer.h"
#include "random_field.h"
#include "solver/stencil.h"

using namespace fastphoto;

namespace {

/// t = r - K x, a node and a block after another; any number of right sides.
void residual(const Field<float>& blocks, const Field<float>& r, const Field<float>& x, Field<float>& t) {
  const Grid& grid = blocks.grid();
  const Index right_sides = x.channels() / 4;
  for (Index row = 0; row < grid.height; ++row) {
    for (Index i = 0; i < grid.width; ++i) {
      for (Index side = 0; side < right_sides; ++side) {
        for (Index a = 0; a < 4; ++a) {
          auto sum = static_cast<double>(x.row(a * right_sides + side, row)[i]);
          for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
            const NeighbourOffset to = CoarseLevel::offsets[o];
            for (const bool transposed : {false, true}) {
              const Index sign = transposed ? -1 : 1;
              const Index y = row + sign * to.dy;
              const Index j = i + sign * to.dx;
              if (y < 0 || y >= grid.height || j < 0 || j >= grid.width) {
                continue;
              }
              for (Index b = 0; b < 4; ++b) {
                const float entry = transposed ? blocks.row(16 * o + 4 * b + a, y)[j]  //
                                               : blocks.row(16 * o + 4 * a + b, row)[i];
                sum += static_cast<double>(entry) * static_cast<double>(x.row(b * right_sides + side, y)[j]);
              }
            }
          }
          const Index channel = a * right_sides + side;
          t.row(channel, row)[i] = static_cast<float>(static_cast<double>(r.row(channel, row)[i]) - sum);
        }
      }
    }
  }
}

Field<float> negative(const Field<float>& field) {
  Field<float> result = field;
  for (Index c = 0; c < field.channels(); ++c) {
    for (Index row = 0; row < field.grid().height; ++row) {
      for (Index i = 0; i < field.grid().width; ++i) {
        result.row(c, row)[i] = -field.row(c, row)[i];
      }
    }
  }
  return result;
}

}  // namespace

// The blocks and the transfers are written apart: K u = P^T A (P u) holds only if both are right. Sizes of one task and
// of several.
TEST_CASE("coarse operators are the Galerkin products of the finer ones") {
  constexpr double least_variance = 1e-9;
  for (const Index height : {21, 70}) {
    for (const Index width : {13, 16, 17, 50, 150, 186}) {
      for (const Index right_sides : {1, 3, 4}) {
        CAPTURE(height);
        CAPTURE(width);
        CAPTURE(right_sides);
        const Grid grid{height, width, 2};
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
        Field<float> u(first.level->grid(), 4 * right_sides);
        fill_random(u, random);
        keep_in_basis(*first.level, u);
        Field<float> fine(grid, right_sides);
        AggregateProlongation prolongation(*first.level, centred, right_sides);
        FoldedRows<float> u_folded = folded(u);
        for (Index row = 0; row < grid.height; ++row) {
          prolongation.add(row, u_folded, fine.planes(row));
        }
        CHECK(padding_is_zero(fine));
        Field<float> applied(grid, right_sides);
        system.apply(workers, fine, applied);
        AggregateRestriction restriction(*first.level, centred, right_sides);
        for (Index row = 0; row < u_folded.height(); ++row) {
          restriction.row(row, applied.rows(aggregate_side * row), u_folded);
        }
        const Field<float> expected = unfolded(u_folded);
        CHECK(padding_is_zero(expected));
        Field<float> difference = u;
        residual(first.blocks, expected, u, difference);
        CHECK(largest(expected) > 0.1);
        CHECK(largest(difference) < 1e-4 * largest(expected));  // float32, and the ridge of 1e-5

        Field<float> v(second.level->grid(), 4 * right_sides);
        fill_random(v, random);
        keep_in_basis(*second.level, v);
        FoldedRows<float> v_folded = folded(v);
        prolong_level(workers, *first.level, *second.level, v_folded, u_folded);
        const Field<float> v_fine = unfolded(u_folded);
        CHECK(padding_is_zero(v_fine));
        const Field<float> zero(first.level->grid(), 4 * right_sides);
        Field<float> minus_applied = u;
        residual(first.blocks, zero, v_fine, minus_applied);
        restrict_level(workers, *first.level, *second.level, folded(minus_applied), v_folded);
        const Field<float> minus_expected = unfolded(v_folded);
        CHECK(padding_is_zero(minus_expected));
        Field<float> level_difference = v;
        residual(second.blocks, minus_expected, negative(v), level_difference);
        CHECK(largest(level_difference) < 1e-4 * largest(minus_expected));
      }
    }
  }
}

TEST_CASE("a folded row has every sample's neighbours in the packs beside it") {
  constexpr Index channels = 3;
  for (const Index width : {1, 15, 16, 17, 40, 48, 64, 70, 200}) {
    CAPTURE(width);
    Numbers random;
    Field<float> row(Grid{1, width, 0}, channels);
    fill_random(row, random);
    FoldedRows<float> folded(1, width, channels);
    const Index length = folded.length();
    fold_row(row, 0, folded, 0);
    Field<float> back(Grid{1, width, 0}, channels);
    unfold_row(folded, 0, back, 0);
    for (Index c = 0; c < channels; ++c) {
      const auto sample = [&](Index i) { return i >= 0 && i < width ? row.row(c, 0)[i] : 0.0F; };
      for (Index pack = -1; pack <= length; ++pack) {
        for (Index segment = 0; segment < pack_size; ++segment) {
          CHECK(folded.row(0)[pack * folded.pack_step() + c * pack_size + segment] == sample(segment * length + pack));
        }
      }
      CHECK(std::equal(back.row(c, 0), back.row(c, 0) + padded_to_packs(width), row.row(c, 0)));
    }
  }
}
