// SPDX-License-Identifier: Apache-2.0
#include "multigrid.h"

#include <algorithm>
#include <cmath>

#include "multiversion.h"
#include "transfer.h"
#include "windows.h"

namespace fastphoto {

namespace {

constexpr Index most_coarsest_nodes = 150;  // a dense factorisation of four times as many unknowns takes no time

// Directions in which a node's colours vary less than this share of eps/9, the ridge on every window's covariance, are
// as stiff as any other field.
constexpr double variance_share = 0.1;

/// A Chebyshev polynomial smoother: damped Jacobi steps that are best on [from, 1] times the largest eigenvalue.
struct Smoother {
  int degree;
  double from;

  /// Damping of step `step`: the reciprocal of a root of the Chebyshev polynomial of the interval.
  float damping(int step, double largest) const {
    const double angle = 3.14159265358979323846 * (step + 0.5) / degree;
    return static_cast<float>(2.0 / (largest * ((1.0 + from) + (1.0 - from) * std::cos(angle))));
  }
};

// Found by trying on photos and synthetic images (docs/smoothing.md). The largest eigenvalue on the pixels is at most
// 1: their diagonal bounds the system. The levels below the first are small, so there more steps are cheap.
constexpr Smoother pixel_smoother{3, 0.1};
constexpr Smoother first_level_smoother{2, 0.1};
constexpr Smoother level_smoother{3, 0.05};

FASTPHOTO_MULTIVERSION void scale_row(float factor, const float* from, Index count, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < count; ++i) {
    to[i] = factor * from[i];
  }
}

FASTPHOTO_MULTIVERSION void add_row(float factor, const float* from, Index count, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < count; ++i) {
    to[i] += factor * from[i];
  }
}

template <class Body>
void for_each_row(Workers& workers, const Field<float>& field, Index chunk, Body body) {
  workers.run(field.grid().height, chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index c = 0; c < field.channels(); ++c) {
        body(c, row);
      }
    }
  });
}

}  // namespace

std::unique_ptr<Multigrid> Multigrid::build(Workers& workers, const ColorPlanes& colors,
                                            const Field<float>& coefficients, const PixelDiagonal& diagonal,
                                            double eps) {
  auto multigrid = std::make_unique<Multigrid>();
  const double least_variance = variance_share * eps / 9.0;
  LevelSetup setup = coarsen_pixels(workers, colors, coefficients, diagonal, least_variance);
  for (;;) {
    setup.level->estimate_largest_eigenvalue(workers);
    const Grid grid = setup.level->grid();
    const bool coarsest = grid.height * grid.width <= most_coarsest_nodes || (grid.height <= 3 && grid.width <= 3);
    LevelSetup next;
    if (!coarsest) {
      next = coarsen_level(workers, setup, least_variance);
    }
    if (!std::isfinite(setup.level->largest_eigenvalue())) {
      return nullptr;
    }
    multigrid->levels_.push_back(std::move(setup.level));
    if (coarsest) {
      break;
    }
    setup = std::move(next);
  }
  return multigrid->factorize_coarsest() ? std::move(multigrid) : nullptr;
}

bool Multigrid::factorize_coarsest() {
  const CoarseLevel& level = *levels_.back();
  const Grid& grid = level.grid();
  const Index size = 4 * grid.height * grid.width;
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Identity(size, size);
  const std::vector<NeighbourOffset> offsets = positive_offsets(1);
  for (Index y = 0; y < grid.height; ++y) {
    for (Index x = 0; x < grid.width; ++x) {
      for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
        const Index ny = y + offsets[static_cast<std::size_t>(o)].dy;
        const Index nx = x + offsets[static_cast<std::size_t>(o)].dx;
        if (ny >= grid.height || nx < 0 || nx >= grid.width) {
          continue;
        }
        for (Index a = 0; a < 4; ++a) {
          for (Index b = 0; b < 4; ++b) {
            const auto value = static_cast<double>(level.blocks().row(16 * o + 4 * a + b, y)[x]);
            matrix(4 * (y * grid.width + x) + a, 4 * (ny * grid.width + nx) + b) = value;
            matrix(4 * (ny * grid.width + nx) + b, 4 * (y * grid.width + x) + a) = value;
          }
        }
      }
    }
  }
  if (!matrix.allFinite()) {
    return false;
  }
  coarsest_.compute(matrix);
  return coarsest_.info() == Eigen::Success;
}

void Multigrid::solve_coarsest(Field<float>& x) const {
  const Grid& grid = levels_.back()->grid();
  const Index channels = x.channels() / 4;
  Eigen::MatrixXd values(4 * grid.height * grid.width, channels);
  const auto each = [&](const auto& body) {
    for (Index row = 0; row < grid.height; ++row) {
      for (Index column = 0; column < grid.width; ++column) {
        for (Index u = 0; u < 4; ++u) {
          for (Index r = 0; r < channels; ++r) {
            body(values(4 * (row * grid.width + column) + u, r), x.row(u * channels + r, row)[column]);
          }
        }
      }
    }
  };
  each([](double& value, float& sample) { value = static_cast<double>(sample); });
  coarsest_.solveInPlace(values);
  each([](double& value, float& sample) { sample = static_cast<float>(value); });
}

MultigridPreconditioner::MultigridPreconditioner(const StencilOperator& system, const Multigrid& multigrid,
                                                 const PixelDiagonal& smoother, const ColorPlanes& colors,
                                                 Index channels)
    : system_(system), multigrid_(multigrid), smoother_(smoother), colors_(colors) {
  for (const std::unique_ptr<CoarseLevel>& level : multigrid.levels()) {
    const Grid& grid = level->grid();
    vectors_.push_back(
        {Field<float>(grid, 4 * channels), Field<float>(grid, 4 * channels), Field<float>(grid, 4 * channels)});
  }
}

PerChannel MultigridPreconditioner::apply(Workers& workers, const Field<float>& r, Field<float>& z,
                                          Field<float>& scratch) {
  std::vector<float> dampings;
  dampings.reserve(pixel_smoother.degree);
  for (int step = 0; step < pixel_smoother.degree; ++step) {
    dampings.push_back(pixel_smoother.damping(step, 1.0));
  }
  system_.smooth_from_zero(workers, dampings, smoother_, r, scratch, z);
  restrict_pixels(workers, colors_, *multigrid_.levels()[0], z, vectors_[0].r);
  cycle(workers, 0);
  add_prolonged_pixels(workers, colors_, *multigrid_.levels()[0], vectors_[0].x, scratch);
  std::reverse(dampings.begin(), dampings.end());
  return system_.smooth(workers, dampings, smoother_, r, scratch, z);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as there are levels
void MultigridPreconditioner::cycle(Workers& workers, std::size_t at) {
  Vectors& v = vectors_[at];
  const CoarseLevel& level = *multigrid_.levels()[at];
  const Index width = level.grid().width;
  if (at + 1 == multigrid_.levels().size()) {
    for_each_row(workers, v.x, node_rows_per_chunk,
                 [&](Index c, Index row) { std::copy_n(v.r.row(c, row), width, v.x.row(c, row)); });
    multigrid_.solve_coarsest(v.x);
    return;
  }
  const Smoother& smooth = at == 0 ? first_level_smoother : level_smoother;
  const double largest = level.largest_eigenvalue();
  for_each_row(workers, v.x, node_rows_per_chunk, [&](Index c, Index row) {
    scale_row(smooth.damping(0, largest), v.r.row(c, row), width, v.x.row(c, row));
  });
  const auto relax = [&](int step) {
    level.residual(workers, v.r, v.x, v.t);
    for_each_row(workers, v.x, node_rows_per_chunk, [&](Index c, Index row) {
      add_row(smooth.damping(step, largest), v.t.row(c, row), width, v.x.row(c, row));
    });
  };
  for (int step = 1; step < smooth.degree; ++step) {
    relax(step);
  }
  const CoarseLevel& coarse = *multigrid_.levels()[at + 1];
  level.residual(workers, v.r, v.x, v.t);
  restrict_level(workers, level, coarse, v.t, vectors_[at + 1].r);
  cycle(workers, at + 1);
  add_prolonged_level(workers, level, coarse, vectors_[at + 1].x, v.x);
  for (int step = smooth.degree - 1; step >= 0; --step) {
    relax(step);
  }
}

}  // namespace fastphoto
