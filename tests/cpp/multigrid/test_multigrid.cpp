// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "matting/affinity.h"
#include "matting/window_offsets.h"
#include "multigrid/aggregates.h"
#include "multigrid/coarsen.h"
#include "multigrid/folded_rows.h"
#include "multigrid/level_transfer.h"
#include "multigrid/smoother/level_matrix.h"
#include "multigrid/smoother/level_smoother.h"
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

/// Zero where a basis has been left without a function, as in a column of three pixels, which cannot hold four.
void keep_in_basis(const CoarseLevel& level, Field<float>& u) {
  const Index right_sides = u.channels() / 4;
  for (Index row = 0; row < level.grid().height; ++row) {
    for (Index i = 0; i < level.grid().width; ++i) {
      for (Index c = 1; c < 4; ++c) {
        bool any = false;
        for (Index color = 0; color < 3; ++color) {
          any = any || level.basis().row(CoarseLevel::to_plane + 4 + 3 * color + c - 1, row)[i] != 0.0F;
        }
        for (Index side = 0; side < right_sides; ++side) {
          float& number = u.row(c * right_sides + side, row)[i];
          number = any ? number : 0.0F;
        }
      }
    }
  }
}

/// Fields promise that no kernel leaves anything behind the end of a row.
bool padding_is_zero(const Field<float>& field) {
  for (Index c = 0; c < field.channels(); ++c) {
    for (Index row = 0; row < field.grid().height; ++row) {
      const float* const end = field.row(c, row) + field.grid().width;
      if (!std::all_of(end, field.row(c, row) + padded_to_packs(field.grid().width),
                       [](float sample) { return sample == 0.0F; })) {
        return false;
      }
    }
  }
  return true;
}

/// The operator as the smoother reads it.
Field<float> entries_of(const LevelMatrix& matrix) {
  const FoldedRows<std::int32_t>& pairs = matrix.pairs();
  const Index length = pairs.length();
  Field<float> blocks(Grid{pairs.height(), pairs.width(), 1}, CoarseLevel::block_planes);
  for (Index plane = 0; plane < blocks.channels(); ++plane) {
    for (Index row = 0; row < pairs.height(); ++row) {
      for (Index i = 0; i < pairs.width(); ++i) {
        const std::int32_t pair = pairs.row(row)[i % length * pairs.pack_step() + plane / 2 * pack_size + i / length];
        const double entry = plane % 2 == 0 ? static_cast<std::int16_t>(pair & 0xFFFF) : pair / 65536.0;
        blocks.row(plane, row)[i] = static_cast<float>(entry / static_cast<double>(LevelMatrix::entries_per_one));
      }
    }
  }
  return blocks;
}

FoldedRows<float> folded(const Field<float>& field) {
  FoldedRows<float> rows(field.grid().height, field.grid().width, field.channels());
  for (Index row = 0; row < field.grid().height; ++row) {
    fold_row(field, row, rows, row);
  }
  return rows;
}

Field<float> unfolded(const FoldedRows<float>& rows) {
  Field<float> field(Grid{rows.height(), rows.width(), 1}, rows.channels());
  for (Index row = 0; row < rows.height(); ++row) {
    unfold_row(rows, row, field, row);
  }
  return field;
}

/// to += factor from.
void add(Field<float>& to, float factor, const Field<float>& from) {
  for (Index c = 0; c < to.channels(); ++c) {
    for (Index row = 0; row < to.grid().height; ++row) {
      for (Index i = 0; i < to.grid().width; ++i) {
        to.row(c, row)[i] += factor * from.row(c, row)[i];
      }
    }
  }
}

double norm(const Field<float>& field) {
  double squares = 0.0;
  for (Index c = 0; c < field.channels(); ++c) {
    for (Index row = 0; row < field.grid().height; ++row) {
      for (Index i = 0; i < field.grid().width; ++i) {
        squares += static_cast<double>(field.row(c, row)[i]) * static_cast<double>(field.row(c, row)[i]);
      }
    }
  }
  return std::sqrt(squares);
}

/// x = F^-1 x, from the first node to the last, or F^-T x, from the last to the first: F is K with ones on the diagonal
/// and nothing behind it. The order: even rows before odd ones; in a row even packs before odd ones, and between them
/// the last pack where it has an even one on both sides.
void solve_in_order(const Field<float>& blocks, Field<float>& x, bool backwards) {
  const Grid& grid = blocks.grid();
  const Index right_sides = x.channels() / 4;
  const Index length = folded_length(grid.width);
  const auto color_at = [&](Index row, Index i) {
    const Index pack = i % length;
    const Index of_pack = pack % 2 != 0 ? 2 : length % 2 != 0 && pack + 1 == length ? 1 : 0;
    return 3 * (row % 2) + of_pack;
  };
  for (Index turn = 0; turn < 6; ++turn) {
    const Index color = backwards ? 5 - turn : turn;
    for (Index row = 0; row < grid.height; ++row) {
      for (Index i = 0; i < grid.width; ++i) {
        if (color_at(row, i) != color) {
          continue;
        }
        for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
          for (const bool transposed : {false, true}) {
            const Index sign = transposed ? -1 : 1;
            const Index y = row + sign * CoarseLevel::offsets[o].dy;
            const Index j = i + sign * CoarseLevel::offsets[o].dx;
            if (y < 0 || y >= grid.height || j < 0 || j >= grid.width ||
                (backwards ? color_at(y, j) < color : color_at(y, j) > color)) {
              continue;
            }
            for (Index c = 0; c < 16; ++c) {
              const float entry = transposed ? blocks.row(16 * o + 4 * (c % 4) + c / 4, y)[j]  //
                                             : blocks.row(16 * o + c, row)[i];
              for (Index side = 0; side < right_sides; ++side) {
                x.row(c / 4 * right_sides + side, row)[i] -= entry * x.row(c % 4 * right_sides + side, y)[j];
              }
            }
          }
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
          prolongation.add(row, u_folded, fine.row(0, row), fine.channel_step());
        }
        CHECK(padding_is_zero(fine));
        Field<float> applied(grid, right_sides);
        system.apply(workers, fine, applied);
        AggregateRestriction restriction(*first.level, centred, right_sides);
        for (Index row = 0; row < u_folded.height(); ++row) {
          restriction.row(row, applied.row(0, aggregate_side * row), applied.row_step(), applied.channel_step(),
                          u_folded);
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

// What one step leaves of a right side, (Id - K M^-1) r, has eigenvalues from 0 to 1, since M = K + L U: less a half,
// none is larger than a half either way.
TEST_CASE("a step of the smoother makes every field smaller, and goes too far in none") {
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
      const LevelMatrix matrix(workers, setup.blocks);
      LevelSmoother smoother(matrix, {1.0F}, 1);
      Field<float> r(setup.level->grid(), 4);
      FoldedRows<float> rest_folded = folded(r);
      fill_random(r, random);
      keep_in_basis(*setup.level, r);
      // K M^-1 is not symmetric, only similar to a matrix that is: the mean of many steps tells.
      double sum_of_logarithms = 0.0;
      for (int step = -100; step < 400; ++step) {
        FoldedRows<float> v = folded(r);
        smoother.before(workers, v, rest_folded);
        Field<float> rest = unfolded(rest_folded);
        add(rest, -0.5F, r);
        sum_of_logarithms += step < 0 ? 0.0 : std::log(norm(rest) / norm(r));
        std::swap(r, rest);
        add(r, static_cast<float>(1.0 / norm(r)) - 1.0F, Field<float>(r));
      }
      const double eigenvalue = std::exp(sum_of_logarithms / 400);
      CHECK(eigenvalue > 0.45);
      CHECK(eigenvalue < 0.5001);
      setup = coarsen_level(workers, setup, 1e-9);
    }
  }
}

// The steps of several rows and passes are interleaved, in the tasks' own rows, in other variables than x and r, on
// folded rows and with entries of 16 bits: against a plain loop over steps with M. Widths whose segments are two, a few
// and many samples long, the last of a level that takes more than one sweep.
TEST_CASE("smoothing steps in line are the same as one after another") {
  for (const Index width : {1, 16, 21, 40, 90, 110, 500}) {
    for (const Index height : {1, 2, 5, 9, 40}) {
      if (width == 500 && height != 9) {
        continue;
      }
      for (const int steps : {1, 2, 3, 10}) {
        for (const Index right_sides : {1, 2, 3, 4}) {
          CAPTURE(width);
          CAPTURE(height);
          CAPTURE(steps);
          CAPTURE(right_sides);
          Numbers random;
          const Grid grid{height, width, 1};
          Field<float> given(grid, CoarseLevel::block_planes);
          for (Index plane = 0; plane < given.channels(); ++plane) {
            for (Index row = 0; row < height; ++row) {
              for (Index i = 0; i < width; ++i) {
                const NeighbourOffset to = CoarseLevel::offsets[plane / 16];
                const bool inside = row + to.dy < height && i + to.dx >= 0 && i + to.dx < width;
                given.row(plane, row)[i] = inside ? 0.05F * random.next() : 0.0F;
              }
            }
          }
          Workers one(1);
          const LevelMatrix matrix(one, given);
          const Field<float> blocks = entries_of(matrix);
          std::vector<float> factors(static_cast<std::size_t>(steps));
          for (std::size_t step = 0; step < factors.size(); ++step) {
            factors[step] = 0.3F + 0.1F * static_cast<float>(step);
          }
          const Index channels = 4 * right_sides;
          Field<float> r(grid, channels);
          Field<float> correction(grid, channels);
          fill_random(r, random);
          fill_random(correction, random);
          Field<float> x(grid, channels);
          Field<float> rest = r;
          const auto take_step = [&](int step) {
            Field<float> by = rest;
            solve_in_order(blocks, by, false);
            solve_in_order(blocks, by, true);
            add(x, factors[static_cast<std::size_t>(step)], by);
            residual(blocks, r, x, rest);
          };
          for (int step = 0; step < steps; ++step) {
            take_step(step);
          }
          const Field<float> left = rest;
          add(x, 1.0F, correction);
          residual(blocks, r, x, rest);
          for (int step = steps - 1; step >= 0; --step) {
            take_step(step);
          }

          Field<float> of_one(grid, channels);
          for (const int threads : {1, 3}) {
            CAPTURE(threads);
            Workers workers(threads);
            LevelSmoother smoother(matrix, factors, right_sides);
            const auto check_near = [&](const Field<float>& got, const Field<float>& wanted) {
              Field<float> difference = got;
              add(difference, -1.0F, wanted);
              CHECK(largest(difference) < 1e-5 * std::max(1.0, largest(wanted)));  // float32
            };
            FoldedRows<float> v_folded = folded(r);
            FoldedRows<float> rest_folded(height, width, channels);
            smoother.before(workers, v_folded, rest_folded);
            CHECK(padding_is_zero(unfolded(rest_folded)));
            check_near(unfolded(rest_folded), left);
            smoother.after(workers, folded(correction), v_folded);
            const Field<float> v = unfolded(v_folded);
            CHECK(padding_is_zero(v));
            check_near(v, x);
            if (threads == 1) {
              of_one = v;
              continue;
            }
            for (Index c = 0; c < channels; ++c) {
              for (Index row = 0; row < height; ++row) {
                CHECK(std::equal(v.row(c, row), v.row(c, row) + width, of_one.row(c, row)));
              }
            }
          }
        }
      }
    }
  }
}

// Entries beyond what 16 bits hold do not wrap, and the nearest is taken, whatever its partner in the pair.
TEST_CASE("a level's matrix rounds its entries to the nearest of 16 bits") {
  constexpr double half_a_step = 0.5 / 32768.0;
  Numbers random;
  for (const int threads : {1, 3}) {
    CAPTURE(threads);
    Workers workers(threads);
    Field<float> blocks(Grid{20, 40, 1}, CoarseLevel::block_planes);
    fill_random(blocks, random);
    add(blocks, -0.1F, Field<float>(blocks));
    Field<float> difference = entries_of(LevelMatrix(workers, blocks));
    add(difference, -1.0F, blocks);
    CHECK(largest(difference) < 1.0001 * half_a_step);  // float32
    CHECK(largest(difference) > 0.9 * half_a_step);
  }
  Workers workers(1);
  Field<float> beyond(Grid{1, 40, 1}, CoarseLevel::block_planes);
  const float given[] = {1.0F, -1.0F, 1.5F, -1.5F};
  for (Index i = 0; i < 4; ++i) {
    beyond.row(6, 0)[5 * i] = given[i];
    beyond.row(7, 0)[5 * i] = -given[i];
  }
  const Field<float> entries = entries_of(LevelMatrix(workers, beyond));
  for (Index i = 0; i < 4; ++i) {
    const double nearest = given[i] > 0.0F ? 1.0 : -1.0;
    CHECK(std::abs(static_cast<double>(entries.row(6, 0)[5 * i]) - nearest) < 2.001 * half_a_step);
    CHECK(std::abs(static_cast<double>(entries.row(7, 0)[5 * i]) + nearest) < 2.001 * half_a_step);
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
