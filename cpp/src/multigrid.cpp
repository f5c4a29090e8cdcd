// SPDX-License-Identifier: Apache-2.0
#include "multigrid.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "aggregates.h"
#include "dot.h"
#include "galerkin.h"
#include "level_transfer.h"
#include "multiversion.h"
#include "row_sums.h"

namespace fastphoto {

namespace {

constexpr Index most_coarsest_nodes = 64;  // a dense factorisation of four times as many unknowns takes no time

// Directions in which a node's colours vary less than this share of eps/9, the ridge on every window's covariance, are
// as stiff as any other field.
constexpr double variance_share = 0.1;

// Found by trying on photos and synthetic images (docs/smoothing.md).

/// One step of damped Jacobi on the pixels, best on the upper two thirds of [0, 1], where their bound holds all
/// eigenvalues.
constexpr float pixel_damping = 1.5F;

/// Chebyshev smoothing on the levels: so many steps, best on [from, 1] times the largest eigenvalue. What the second
/// level cannot represent, such as the letters of a text, is left to the first one's smoother; there steps are cheap
/// against the pixels' work.
struct LevelSmoothing {
  int degree;
  double from;

  /// Dampings of the steps: the reciprocals of the roots of the Chebyshev polynomial of the interval.
  std::vector<float> dampings() const {
    std::vector<float> result;
    for (int step = 0; step < degree; ++step) {
      const double angle = 3.14159265358979323846 * (step + 0.5) / degree;
      const double root = CoarseLevel::largest_eigenvalue * ((1.0 + from) + (1.0 - from) * std::cos(angle)) / 2.0;
      result.push_back(static_cast<float>(1.0 / root));
    }
    return result;
  }
};

constexpr LevelSmoothing first_level_smoothing{10, 0.003};
constexpr LevelSmoothing level_smoothing{8, 0.006};

// Rows of aggregates one task takes: of the pixels around them four rows are computed twice.
constexpr Index aggregate_rows_per_chunk = 8;

/// out = factors r on one channel of a row.
FASTPHOTO_MULTIVERSION void scale_row(const float* factors, const float* r, Index count,
                                      float* FASTPHOTO_RESTRICT out) {
  for (Index i = 0; i < count; ++i) {
    out[i] = factors[i] * r[i];
  }
}

/// out += factors r on one channel of a row.
FASTPHOTO_MULTIVERSION void add_scaled_row(const float* factors, const float* r, Index count,
                                           float* FASTPHOTO_RESTRICT out) {
  for (Index i = 0; i < count; ++i) {
    out[i] += factors[i] * r[i];
  }
}

FASTPHOTO_MULTIVERSION void invert_row(float factor, Index count, float* divisors) {
  for (Index i = 0; i < count; ++i) {
    divisors[i] = factor / divisors[i];
  }
}

}  // namespace

std::unique_ptr<Multigrid> Multigrid::build(Workers& workers, Field<float> colors, const StencilOperator& system,
                                            double eps) {
  std::unique_ptr<Multigrid> multigrid(new Multigrid(std::move(colors)));
  const double least_variance = variance_share * eps / 9.0;
  LevelSetup setup =
      coarsen_pixels(workers, system.coefficients(), system.diagonal(), least_variance, multigrid->centred_);
  for (;;) {
    const Grid grid = setup.level->grid();
    const bool coarsest = grid.height * grid.width <= most_coarsest_nodes || (grid.height <= 2 && grid.width <= 2);
    LevelSetup next;
    if (!coarsest) {
      next = coarsen_level(workers, setup, least_variance);
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
  for (Index y = 0; y < grid.height; ++y) {
    for (Index x = 0; x < grid.width; ++x) {
      for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
        const Index ny = y + CoarseLevel::offsets[o].dy;
        const Index nx = x + CoarseLevel::offsets[o].dx;
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

MultigridPreconditioner::LevelVectors::LevelVectors(const CoarseLevel& level, bool first, Index right_sides)
    : smoother(level, (first ? first_level_smoothing : level_smoothing).dampings(), right_sides),
      r(level.grid(), 4 * right_sides),
      x(level.grid(), 4 * right_sides),
      t(level.grid(), 4 * right_sides) {}

struct MultigridPreconditioner::PixelRows {
  PixelRows(const StencilOperator& system, const Multigrid& multigrid, Index channels)
      : y(Grid{aggregate_side * aggregate_rows_per_chunk + 2 * system.grid().halo, system.grid().width,
               system.grid().halo},
          channels),
        t(Grid{1, system.grid().width, system.grid().halo}, channels),
        factors(Grid{y.grid().height, system.grid().width, 0}, 1),
        stencil(system, channels),
        restriction(*multigrid.levels()[0], multigrid.centred(), channels),
        prolongation(*multigrid.levels()[0], multigrid.centred(), channels) {}

  /// The step of damped Jacobi for each pixel of a row of y.
  void set_factors(const PixelDiagonal& bound, Index row, Index at) {
    bound.read(row, 0, bound.width(), factors.row(0, at));
    invert_row(pixel_damping, bound.width(), factors.row(0, at));
  }

  /// Zeros where the image ends: there may be rows of the task before.
  void end_rows(Index at) {
    for (Index row = at; row < y.grid().height; ++row) {
      for (Index c = 0; c < y.channels(); ++c) {
        std::fill_n(y.row(c, row), y.grid().width, 0.0F);
      }
    }
  }

  Field<float> y;
  Field<float> t;
  Field<float> factors;
  StencilRows stencil;
  AggregateRestriction restriction;
  AggregateProlongation prolongation;
};

MultigridPreconditioner::MultigridPreconditioner(const StencilOperator& system, const Multigrid& multigrid,
                                                 const PixelDiagonal& bound, Index channels)
    : system_(system), multigrid_(multigrid), bound_(bound), channels_(channels), pixels_([this] {
        return std::make_unique<PixelRows>(system_, multigrid_, channels_);
      }) {
  for (const std::unique_ptr<CoarseLevel>& level : multigrid.levels()) {
    levels_.push_back(std::make_unique<LevelVectors>(*level, levels_.empty(), channels));
  }
}

MultigridPreconditioner::~MultigridPreconditioner() = default;

PerChannel MultigridPreconditioner::apply(Workers& workers, const Field<float>& r, Field<float>& z) {
  restrict_residual(workers, r);
  cycle(workers, 0);
  return correct_and_smooth(workers, r, z);
}

/// The rows of pixels that those of some rows of aggregates and their neighbours lie in.
std::pair<Index, Index> MultigridPreconditioner::pixel_rows(Index begin, Index end) const {
  const Grid& grid = system_.grid();
  return {std::max<Index>(0, aggregate_side * begin - grid.halo),
          std::min(grid.height, aggregate_side * end + grid.halo)};
}

/// The first level's right side: P^T (r - A y) with y = factors r, the first step from zero, of which nothing else is
/// kept.
void MultigridPreconditioner::restrict_residual(Workers& workers, const Field<float>& r) {
  const Grid& grid = system_.grid();
  workers.run(multigrid_.levels()[0]->grid().height, aggregate_rows_per_chunk, [&](Index begin, Index end) {
    Pool<PixelRows>::Loan loan(pixels_);
    PixelRows& rows = *loan;
    const auto [first, last] = pixel_rows(begin, end);
    for (Index row = first; row < last; ++row) {
      rows.set_factors(bound_, row, row - first);
      for (Index c = 0; c < channels_; ++c) {
        scale_row(rows.factors.row(0, row - first), r.row(c, row), grid.width, rows.y.row(c, row - first));
      }
    }
    rows.end_rows(last - first);
    for (Index node_row = begin; node_row < end; ++node_row) {
      const Index stop = std::min(grid.height, aggregate_side * (node_row + 1));
      for (Index row = aggregate_side * node_row; row < stop; ++row) {
        rows.stencil.subtract(row, r.row(0, row), rows.y.row(0, row - first), rows.t.row(0, 0));
        rows.restriction.add(row, rows.t.row(0, 0), rows.t.channel_step());
      }
      rows.restriction.finish(node_row, levels_[0]->r);
    }
  });
}

/// z = y + factors (r - A y) with y = factors r + P x, the first step and the coarse correction. Returns r . z.
PerChannel MultigridPreconditioner::correct_and_smooth(Workers& workers, const Field<float>& r, Field<float>& z) {
  const Grid& grid = system_.grid();
  RowSums dots(grid.height, channels_);
  workers.run(multigrid_.levels()[0]->grid().height, aggregate_rows_per_chunk, [&](Index begin, Index end) {
    Pool<PixelRows>::Loan loan(pixels_);
    PixelRows& rows = *loan;
    const auto [first, last] = pixel_rows(begin, end);
    rows.prolongation.restart();
    for (Index row = first; row < last; ++row) {
      rows.set_factors(bound_, row, row - first);
      rows.prolongation.row(row, levels_[0]->x, rows.y.row(0, row - first), rows.y.channel_step());
      for (Index c = 0; c < channels_; ++c) {
        add_scaled_row(rows.factors.row(0, row - first), r.row(c, row), grid.width, rows.y.row(c, row - first));
      }
    }
    rows.end_rows(last - first);
    for (Index row = aggregate_side * begin; row < std::min(grid.height, aggregate_side * end); ++row) {
      rows.stencil.relax(row, rows.factors.row(0, row - first), r.row(0, row), rows.y.row(0, row - first),
                         z.row(0, row));
      for (Index c = 0; c < channels_; ++c) {
        dots.at(row, c) = dot_row(r.row(c, row), z.row(c, row), grid.width);
      }
    }
  });
  return dots.total();
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as there are levels
void MultigridPreconditioner::cycle(Workers& workers, std::size_t at) {
  LevelVectors& v = *levels_[at];
  if (at + 1 == levels_.size()) {
    std::swap(v.r, v.x);
    multigrid_.solve_coarsest(v.x);
    return;
  }
  const CoarseLevel& level = *multigrid_.levels()[at];
  const CoarseLevel& coarse = *multigrid_.levels()[at + 1];
  v.smoother.from_zero(workers, v.r, v.x, v.t);
  restrict_level(workers, level, coarse, v.t, levels_[at + 1]->r);
  cycle(workers, at + 1);
  add_prolonged_level(workers, level, coarse, levels_[at + 1]->x, v.x);
  v.smoother.backwards(workers, v.r, v.x, v.t);
  std::swap(v.x, v.t);
}

}  // namespace fastphoto
