// SPDX-License-Identifier: Apache-2.0
//
// Builds the levels, and walks down and up through them.
#include "multigrid/multigrid.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/dot.h"
#include "base/page_pool.h"
#include "base/row_sums.h"
#include "multigrid/aggregates.h"
#include "multigrid/coarsen.h"
#include "multigrid/level_transfer.h"
#include "solver/jacobi_rows.h"

namespace fastphoto {

namespace {

constexpr Index most_coarsest_nodes = 64;  // a dense factorisation of four times as many unknowns takes no time

// Every window's covariance has the ridge eps/9. Where a node's colours vary less than this share of it in some
// direction, functions that are affine along it are as stiff as other fields. So the direction is left out.
constexpr double variance_share = 0.1;

// Found by trying on photos and synthetic images (docs/smoothing.md).

/// Chebyshev smoothing on the levels: `degree` steps, best on the eigenvalues in [from, 1]. The preconditioned operator
/// has none above 1 (gauss_seidel_rows.h). The first level
/// takes more steps: the second level cannot represent everything, such as the letters of a text. These steps are cheap
/// against the work on the pixels.
struct LevelSmoothing {
  int degree;
  double from;

  /// Dampings of the steps: the reciprocals of the roots of the Chebyshev polynomial of the interval.
  std::vector<float> dampings() const {
    std::vector<float> result;
    for (int step = 0; step < degree; ++step) {
      const double angle = 3.14159265358979323846 * (step + 0.5) / degree;
      const double root = ((1.0 + from) + (1.0 - from) * std::cos(angle)) / 2.0;
      result.push_back(static_cast<float>(1.0 / root));
    }
    return result;
  }
};

constexpr LevelSmoothing first_level_smoothing{9, 0.0035};
constexpr LevelSmoothing level_smoothing{4, 0.05};

// Rows of aggregates in one task. Two tasks that meet both compute the four rows of pixels around their border.
constexpr Index aggregate_rows_per_chunk = 8;

}  // namespace

std::unique_ptr<Multigrid> Multigrid::build(Workers& workers, Field<float> colors, const StencilOperator& system,
                                            double eps) {
  std::unique_ptr<Multigrid> multigrid(new Multigrid(std::move(colors)));
  const double least_variance = variance_share * eps / 9.0;
  LevelSetup setup =
      coarsen_pixels(workers, system.coefficients(), system.diagonal(), least_variance, multigrid->centred_);
  for (;;) {
    const Grid grid = setup.level->grid();
    if (grid.height * grid.width <= most_coarsest_nodes) {
      break;
    }
    LevelSetup next = coarsen_level(workers, setup, least_variance);
    if (multigrid->levels_.empty()) {
      if (PagePool* const pages = PagePool::current(); pages != nullptr) {
        pages->end_large_pages();
      }  // set-up never takes more memory than now
    }
    multigrid->levels_.push_back({std::move(setup.level), std::make_unique<LevelMatrix>(workers, setup.blocks)});
    setup = std::move(next);
  }
  multigrid->levels_.push_back({std::move(setup.level), nullptr});
  multigrid->coarsest_ = CoarsestLevel::factorize(setup.blocks);
  return multigrid->coarsest_ != nullptr ? std::move(multigrid) : nullptr;
}

struct MultigridPreconditioner::PixelRows {
  PixelRows(const StencilOperator& system, const Multigrid& multigrid, const PixelDiagonal& bound, Index channels)
      : jacobi(system, bound, channels, aggregate_side * aggregate_rows_per_chunk),
        t(Grid{aggregate_side, system.grid().width, system.grid().halo}, channels),
        stencil(system, channels),
        restriction(*multigrid.levels()[0].nodes, multigrid.centred(), channels),
        prolongation(*multigrid.levels()[0].nodes, multigrid.centred(), channels) {}

  JacobiRows jacobi;
  Field<float> t;
  StencilRows stencil;
  AggregateRestriction restriction;
  AggregateProlongation prolongation;
};

MultigridPreconditioner::MultigridPreconditioner(const StencilOperator& system, const Multigrid& multigrid,
                                                 const PixelDiagonal& bound, Index channels,
                                                 const MakeLevelSmoother& make_smoother)
    : system_(system), multigrid_(multigrid), bound_(bound), channels_(channels), pixels_([this] {
        return std::make_unique<PixelRows>(system_, multigrid_, bound_, channels_);
      }) {
  for (const Multigrid::Level& level : multigrid.levels()) {
    const LevelSmoothing& smoothing = levels_.empty() ? first_level_smoothing : level_smoothing;
    const bool coarsest = level.matrix == nullptr;
    const Grid& grid = level.nodes->grid();
    levels_.push_back({coarsest ? nullptr : make_smoother(*level.matrix, smoothing.dampings(), channels),
                       FoldedRows<float>(grid.height, grid.width, 4 * channels),
                       FoldedRows<float>(coarsest ? 0 : grid.height, grid.width, 4 * channels)});
  }
}

MultigridPreconditioner::~MultigridPreconditioner() = default;

PerChannel MultigridPreconditioner::apply(Workers& workers, const Field<float>& r, Field<float>& z) {
  restrict_residual(workers, r);
  cycle(workers, 0);
  return correct_and_smooth(workers, r, z);
}

/// The first level's right side: P^T (r - A y), where y = factors r is the first step from zero. Nothing else of y is
/// kept; correct_and_smooth computes it again.
void MultigridPreconditioner::restrict_residual(Workers& workers, const Field<float>& r) {
  const Grid& grid = system_.grid();
  workers.run(multigrid_.levels()[0].nodes->grid().height, aggregate_rows_per_chunk, [&](Index begin, Index end) {
    Pool<PixelRows>::Loan loan(pixels_);
    PixelRows& rows = *loan;
    rows.jacobi.turn_to(aggregate_side * begin, aggregate_side * end);
    for (Index node_row = begin; node_row < end; ++node_row) {
      const Index first = aggregate_side * node_row;
      for (Index row = first; row < std::min(grid.height, first + aggregate_side); ++row) {
        rows.jacobi.make_until(row, [&](Index made) { rows.jacobi.step_from_zero(made, r); });
        rows.stencil.subtract(row, r.row(0, row), rows.jacobi.y(row), rows.t.row(0, row - first));
      }
      rows.restriction.row(node_row, rows.t.rows(0), levels_[0].v);
    }
  });
}

/// z = y + factors (r - A y) with y = factors r + P x, the first step and the coarse correction. Returns r . z.
PerChannel MultigridPreconditioner::correct_and_smooth(Workers& workers, const Field<float>& r, Field<float>& z) {
  const Grid& grid = system_.grid();
  RowSums dots(grid.height, channels_);
  workers.run(multigrid_.levels()[0].nodes->grid().height, aggregate_rows_per_chunk, [&](Index begin, Index end) {
    Pool<PixelRows>::Loan loan(pixels_);
    PixelRows& rows = *loan;
    rows.jacobi.turn_to(aggregate_side * begin, aggregate_side * end);
    rows.prolongation.restart();
    for (Index row = aggregate_side * begin; row < std::min(grid.height, aggregate_side * end); ++row) {
      rows.jacobi.make_until(row, [&](Index made) {
        rows.jacobi.step_from_zero(made, r);
        rows.prolongation.add(made, levels_[0].v, {rows.jacobi.y(made), rows.jacobi.channel_step()});
      });
      rows.stencil.relax(row, rows.jacobi.factors(row), r.row(0, row), rows.jacobi.y(row), z.row(0, row));
      for (Index c = 0; c < channels_; ++c) {
        dots.at(row, c) = dot_row(r.row(c, row), z.row(c, row), grid.width);
      }
    }
  });
  return dots.total();
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as there are levels
void MultigridPreconditioner::cycle(Workers& workers, std::size_t at) {
  FoldedRows<float>& v = levels_[at].v;
  if (at + 1 == levels_.size()) {
    multigrid_.coarsest().solve(v);
    return;
  }
  const CoarseLevel& nodes = *multigrid_.levels()[at].nodes;
  const CoarseLevel& coarser = *multigrid_.levels()[at + 1].nodes;
  FoldedRows<float>& rest = levels_[at].rest;
  levels_[at].smoother->before(workers, v, rest);
  restrict_level(workers, nodes, coarser, rest, levels_[at + 1].v);
  cycle(workers, at + 1);
  prolong_level(workers, nodes, coarser, levels_[at + 1].v, rest);
  levels_[at].smoother->after(workers, rest, v);
}

}  // namespace fastphoto
