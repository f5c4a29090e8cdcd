// SPDX-License-Identifier: Apache-2.0
//
// Tests the smoothers on a level: the plain one against dense matrices, the fast one against the plain one, and a whole
// solve with either.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "matting/affinity.h"
#include "multigrid/coarsen.h"
#include "multigrid/level_fields.h"
#include "multigrid/multigrid.h"
#include "multigrid/smoother/eisenstat_smoother.h"
#include "multigrid/smoother/level_matrix.h"
#include "multigrid/smoother/plain_smoother.h"
#include "random_field.h"
#include "solver/conjugate_gradient.h"
#include "solver/stencil.h"
#include "thread_sanitizer.h"

using namespace fastphoto;

namespace {

/// Blocks between the nodes of a grid, none to nodes outside. Small enough for a K that is positive definite.
Field<float> random_blocks(const Grid& grid, Numbers& random) {
  Field<float> blocks(grid, CoarseLevel::block_planes);
  for (Index plane = 0; plane < blocks.channels(); ++plane) {
    for (Index row = 0; row < grid.height; ++row) {
      for (Index i = 0; i < grid.width; ++i) {
        const NeighbourOffset to = CoarseLevel::offsets[plane / 16];
        const bool inside = row + to.dy < grid.height && i + to.dx >= 0 && i + to.dx < grid.width;
        blocks.row(plane, row)[i] = inside ? 0.05F * random.next() : 0.0F;
      }
    }
  }
  return blocks;
}

std::vector<float> random_dampings(int steps) {
  std::vector<float> dampings(static_cast<std::size_t>(steps));
  for (std::size_t step = 0; step < dampings.size(); ++step) {
    dampings[step] = 0.3F + 0.1F * static_cast<float>(step);
  }
  return dampings;
}

/// What a smoother makes of one right side and one correction.
struct Smoothed {
  Field<float> rest;  // after the steps before the correction
  Field<float> x;     // at the end
};

Smoothed smooth(LevelSmoother& smoother, Workers& workers, const Field<float>& r, const Field<float>& correction) {
  FoldedRows<float> v = folded(r);
  FoldedRows<float> rest(r.grid().height, r.grid().width, r.channels());
  smoother.before(workers, v, rest);
  smoother.after(workers, folded(correction), v);
  return {unfolded(rest), unfolded(v)};
}

/// float32 in another order: differences below 1e-5 of the largest number.
void check_near(const Field<float>& got, const Field<float>& wanted) {
  CHECK(padding_is_zero(got));
  Field<float> difference = got;
  add(difference, -1.0F, wanted);
  CHECK(largest(difference) < 1e-5 * std::max(1.0, largest(wanted)));
}

/// K and F as dense matrices of unknowns 4 * node + a, from blocks and from the order of the nodes.
struct DenseLevel {
  Eigen::MatrixXd K;
  Eigen::MatrixXd F;

  explicit DenseLevel(const Field<float>& blocks) {
    const Grid& grid = blocks.grid();
    const Index size = 4 * grid.height * grid.width;
    K = Eigen::MatrixXd::Identity(size, size);
    std::vector<std::pair<Index, Index>> places;  // a node's row is even or odd, its pack even, last of odd or odd
    const Index length = folded_length(grid.width);
    for (Index row = 0; row < grid.height; ++row) {
      for (Index i = 0; i < grid.width; ++i) {
        const Index pack = i % length;
        const bool last = pack + 1 == length && length % 2 != 0;
        places.emplace_back(row % 2, last ? 1 : 2 * (pack % 2));
        for (Index plane = 0; plane < blocks.channels(); ++plane) {
          const NeighbourOffset to = CoarseLevel::offsets[plane / 16];
          const Index y = row + to.dy;
          const Index x = i + to.dx;
          if (y < grid.height && x >= 0 && x < grid.width) {
            const Index at = 4 * (row * grid.width + i) + plane % 16 / 4;
            const Index other = 4 * (y * grid.width + x) + plane % 4;
            K(at, other) = K(other, at) = static_cast<double>(blocks.row(plane, row)[i]);
          }
        }
      }
    }
    F = K;
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j < size; ++j) {
        const auto& own = places[static_cast<std::size_t>(i / 4)];
        const auto& other = places[static_cast<std::size_t>(j / 4)];
        if (other > own) {
          F(i, j) = 0.0;
        } else if (other == own && i / 4 != j / 4) {
          CHECK(K(i, j) == 0.0);  // nodes that are treated at once are not tied to each other
        }
      }
    }
  }
};

Eigen::MatrixXd dense(const Field<float>& u) {
  const Grid& grid = u.grid();
  const Index sides = u.channels() / 4;
  Eigen::MatrixXd result(4 * grid.height * grid.width, sides);
  for (Index row = 0; row < grid.height; ++row) {
    for (Index i = 0; i < grid.width; ++i) {
      for (Index c = 0; c < u.channels(); ++c) {
        result(4 * (row * grid.width + i) + c / sides, c % sides) = static_cast<double>(u.row(c, row)[i]);
      }
    }
  }
  return result;
}

}  // namespace

// The definition, with dense matrices in float64: x += damping (F F^T)^-1 (r - K x). Widths with segments of even and
// of odd length.
TEST_CASE("the plain smoother takes the steps of its definition" * doctest::skip(test::thread_sanitizer)) {
  for (const Index width : {1, 3, 16, 21, 40, 70}) {
    for (const Index height : {1, 2, 5}) {
      for (const Index right_sides : {1, 3}) {
        CAPTURE(width);
        CAPTURE(height);
        CAPTURE(right_sides);
        Numbers random;
        const Grid grid{height, width, 1};
        Workers workers(1);
        const LevelMatrix matrix(workers, random_blocks(grid, random));
        const DenseLevel level(matrix.blocks());
        const std::vector<float> dampings = random_dampings(3);
        Field<float> r(grid, 4 * right_sides);
        Field<float> correction(grid, 4 * right_sides);
        fill_random(r, random);
        fill_random(correction, random);
        const Eigen::MatrixXd b = dense(r);
        Eigen::MatrixXd x = Eigen::MatrixXd::Zero(b.rows(), b.cols());
        const Eigen::LLT<Eigen::MatrixXd> M(level.F * level.F.transpose());
        const auto step = [&](float damping) { x += static_cast<double>(damping) * M.solve(b - level.K * x); };
        for (const float damping : dampings) {
          step(damping);
        }
        const Eigen::MatrixXd rest = b - level.K * x;
        x += dense(correction);
        for (auto damping = dampings.rbegin(); damping != dampings.rend(); ++damping) {
          step(*damping);
        }
        PlainSmoother smoother(matrix, dampings, right_sides);
        const Smoothed got = smooth(smoother, workers, r, correction);
        // float32 against float64
        CHECK((dense(got.rest) - rest).cwiseAbs().maxCoeff() < 1e-5 * std::max(1.0, rest.cwiseAbs().maxCoeff()));
        CHECK((dense(got.x) - x).cwiseAbs().maxCoeff() < 1e-5 * std::max(1.0, x.cwiseAbs().maxCoeff()));
      }
    }
  }
}

// The fast smoother interleaves steps, rows and tasks, has other variables than x and r, folded rows and pairs of
// 16-bit entries. Widths with segments of two, a few and many samples; the last level takes more than one sweep.
TEST_CASE("the fast smoother takes the plain smoother's steps, for every number of threads") {
  for (const Index width : {1, 16, 21, 40, 90, 110, 500}) {
    for (const Index height : {1, 2, 5, 9, 40}) {
      if (width == 500 && height != 9) {
        continue;
      }
      if (test::thread_sanitizer && (width % 10 != 0 || height < 9)) {
        continue;  // the others only differ in what a row looks like
      }
      for (const int steps : {1, 2, 3, 10}) {
        for (const Index right_sides : {1, 2, 3, 4}) {
          if (test::thread_sanitizer && right_sides != 3) {
            continue;
          }
          CAPTURE(width);
          CAPTURE(height);
          CAPTURE(steps);
          CAPTURE(right_sides);
          Numbers random;
          const Grid grid{height, width, 1};
          Workers one(1);
          const LevelMatrix matrix(one, random_blocks(grid, random));
          Field<float> r(grid, 4 * right_sides);
          Field<float> correction(grid, 4 * right_sides);
          fill_random(r, random);
          fill_random(correction, random);
          PlainSmoother plain(matrix, random_dampings(steps), right_sides);
          const Smoothed wanted = smooth(plain, one, r, correction);
          EisenstatSmoother fast(matrix, random_dampings(steps), right_sides);
          const Smoothed of_one = smooth(fast, one, r, correction);
          check_near(of_one.rest, wanted.rest);
          check_near(of_one.x, wanted.x);
          Workers three(3);
          const Smoothed of_three = smooth(fast, three, r, correction);
          for (Index c = 0; c < r.channels(); ++c) {
            for (Index row = 0; row < height; ++row) {
              const float* const rest = of_three.rest.row(c, row);
              const float* const x = of_three.x.row(c, row);
              CHECK(std::equal(rest, rest + width, of_one.rest.row(c, row)));
              CHECK(std::equal(x, x + width, of_one.x.row(c, row)));
            }
          }
        }
      }
    }
  }
}

// The choice of the smoother reaches a whole solve. The same preconditioner up to rounding gives the same iterations.
TEST_CASE("a solve with the plain smoother is a solve with the fast one") {
  for (const int kind : {0, 1}) {
    CAPTURE(kind);
    const Grid grid{70, 90, 2};
    Numbers random;
    Workers workers(2);
    Field<float> colors(grid, 3);
    Field<float> b(grid, 3);
    fill_random(b, random);
    for (Index c = 0; c < 3; ++c) {
      for (Index row = 0; row < grid.height; ++row) {
        for (Index i = 0; i < grid.width; ++i) {
          const float ramp = 0.01F * static_cast<float>(i + c * row);
          colors.row(c, row)[i] = kind == 0 ? random.next() : ramp + 0.02F * random.next();
        }
      }
    }
    constexpr double eps = 1e-7;
    Field<float> coefficients(grid, 12);
    assemble_affinity(workers, colors, {eps, 1}, 1.0 / 9.0, coefficients);
    const PixelDiagonal diagonal(std::vector<float>(static_cast<std::size_t>(grid.height), 1e-4F),
                                 std::vector<float>(static_cast<std::size_t>(grid.width), 1.0F));
    const PixelDiagonal bound(std::vector<float>(static_cast<std::size_t>(grid.height), 1.0F + 1e-4F),
                              std::vector<float>(static_cast<std::size_t>(grid.width), 1.0F));
    const StencilOperator system(coefficients, 1, diagonal);
    const std::unique_ptr<Multigrid> multigrid = Multigrid::build(workers, colors, system, eps);
    REQUIRE(multigrid != nullptr);
    REQUIRE(multigrid->levels().size() > 2);  // or there is little for a smoother to do
    SolveLimits limits;
    limits.rtol = 1e-5;
    limits.max_iterations = 100;
    const auto solve = [&](const MakeLevelSmoother& make_smoother, SolveReport& report) {
      MultigridPreconditioner preconditioner(system, *multigrid, bound, 3, make_smoother);
      const StencilOperator::FillRow right_side = [&](Index c, Index row, float* out) {
        std::copy_n(b.row(c, row), grid.width, out);
      };
      Solution x;
      report = conjugate_gradient(workers, {system, 3, right_side, nullptr}, preconditioner, nullptr, limits, x);
      Field<float> result(grid, 3);
      for (Index c = 0; c < 3; ++c) {
        for (Index row = 0; row < grid.height; ++row) {
          for (Index i = 0; i < grid.width; ++i) {
            result.row(c, row)[i] = x.sum ? static_cast<float>(x.sum->row(c, row)[i]) : x.single->row(c, row)[i];
          }
        }
      }
      return result;
    };
    SolveReport of_plain;
    SolveReport of_fast;
    const Field<float> plain = solve(make_plain_smoother, of_plain);
    Field<float> difference = solve(make_eisenstat_smoother, of_fast);
    CHECK(of_plain.converged);
    CHECK(of_fast.converged);
    CHECK(std::abs(of_plain.iterations - of_fast.iterations) <= 1);
    add(difference, -1.0F, plain);
    // Both take the same steps. What float32 rounds differently leaves about 1e-6; other steps would leave the
    // tolerance of the solve times the system's condition.
    CHECK(norm(difference) < 1e-5 * norm(plain));
  }
}

// One step leaves (Id - K M^-1) r of a right side r. Its eigenvalues lie between 0 and 1, since M = K + L U. So the
// eigenvalues of the same operator less a half lie between -1/2 and 1/2, and a power iteration finds the largest.
TEST_CASE("no eigenvalue of the smoother's preconditioned operator is negative or larger than one") {
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
      EisenstatSmoother smoother(matrix, {1.0F}, 1);
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
    Field<float> difference = LevelMatrix(workers, blocks).blocks();
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
  const Field<float> entries = LevelMatrix(workers, beyond).blocks();
  for (Index i = 0; i < 4; ++i) {
    const double nearest = given[i] > 0.0F ? 1.0 : -1.0;
    CHECK(std::abs(static_cast<double>(entries.row(6, 0)[5 * i]) - nearest) < 2.001 * half_a_step);
    CHECK(std::abs(static_cast<double>(entries.row(7, 0)[5 * i]) + nearest) < 2.001 * half_a_step);
  }
}
