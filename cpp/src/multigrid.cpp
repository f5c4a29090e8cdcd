// SPDX-License-Identifier: Apache-2.0
#include "multigrid.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "dot.h"
#include "transfer.h"
#include "windows.h"

namespace fastphoto {

namespace {

constexpr Index most_coarsest_nodes = 150;  // a dense factorisation of four times as many unknowns takes no time

// Directions in which a node's colours vary less than this share of eps/9, the ridge on every window's covariance, are
// as stiff as any other field.
constexpr double variance_share = 0.1;

// Eigenvalues of the smoother's iteration lie in (0, 1]; this is best on [1/3, 1].

constexpr Index tile = 128;

/// z = damping / d * r on a tile.
FASTPHOTO_MULTIVERSION void smooth_zero(float pixel_damping, const PixelDiagonal& d, Index row, Index column, Index count, const float* r,
                                        float* z) {
  float numbers[tile];
  d.read(row, column, count, numbers);
  for (Index i = 0; i < count; ++i) {
    z[i] = pixel_damping / numbers[i] * r[i];
  }
}

/// z += damping / d * t on a tile; returns r . z.
FASTPHOTO_MULTIVERSION double smooth_add(float pixel_damping, const PixelDiagonal& d, Index row, Index column, Index count, const float* t,
                                         const float* r, float* FASTPHOTO_RESTRICT z) {
  float numbers[tile];
  d.read(row, column, count, numbers);
  for (Index i = 0; i < count; ++i) {
    z[i] += pixel_damping / numbers[i] * t[i];
  }
  return sum_in_lanes(count, [&](Index i) { return static_cast<double>(r[i]) * static_cast<double>(z[i]); });
}

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
                                            Index spacing, double eps) {
  auto multigrid = std::make_unique<Multigrid>();
  const double least_variance = variance_share * eps / 9.0;
  LevelSetup setup = coarsen_pixels(workers, colors, coefficients, diagonal, spacing, least_variance);
  for (;;) {
    setup.level->estimate_damping(workers);
    const Grid grid = setup.level->grid();
    const bool coarsest = grid.height * grid.width <= most_coarsest_nodes || (grid.height <= 3 && grid.width <= 3);
    LevelSetup next;
    if (!coarsest) {
      next = coarsen_level(workers, setup, least_variance);
    }
    if (!std::isfinite(setup.level->damping())) {
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
  const Grid& grid = r.grid();
  const auto for_each_tile = [&](auto body) {
    for_each_row(workers, r, rows_per_chunk, [&](Index c, Index row) {
      for (Index column = 0; column < grid.width; column += tile) {
        body(c, row, column, std::min(tile, grid.width - column));
      }
    });
  };
  static const int fd = getenv("FD") ? atoi(getenv("FD")) : 1;
  static const float flo = getenv("FLO") ? (float)atof(getenv("FLO")) : 0.3333F;
  float w[4];
  for (int i = 0; i < fd; ++i) {
    const double c = std::cos(M_PI * (i + 0.5) / fd);
    w[i] = static_cast<float>(2.0 / ((1 + flo) + (1 - flo) * c));
  }
  for_each_tile([&](Index c, Index row, Index column, Index count) {
    smooth_zero(w[0], smoother_, row, column, count, r.row(c, row) + column, z.row(c, row) + column);
  });
  RowSums dots(grid.height, r.channels());
  const auto add = [&](float f) {
    system_.residual(workers, r, z, scratch);
    dots = RowSums(grid.height, r.channels());
    for_each_tile([&](Index c, Index row, Index column, Index count) {
      dots.at(row, c) += smooth_add(f, smoother_, row, column, count, scratch.row(c, row) + column,
                                    r.row(c, row) + column, z.row(c, row) + column);
    });
  };
  for (int i = 1; i < fd; ++i) add(w[i]);
  system_.residual(workers, r, z, scratch);
  restrict_pixels(workers, colors_, *multigrid_.levels()[0], scratch, vectors_[0].r);
  cycle(workers, 0);
  add_prolonged_pixels(workers, colors_, *multigrid_.levels()[0], vectors_[0].x, z);
  for (int i = fd; i-- > 0;) add(w[i]);
  return dots.total();
}

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
  static const int gamma = getenv("G") ? atoi(getenv("G")) : 1;
  static const int deg = getenv("DEG") ? atoi(getenv("DEG")) : 1;
  static const double lo = getenv("LO") ? atof(getenv("LO")) : 0.3;
  // Chebyshev roots
  const double hi = 2.0 / static_cast<double>(level.damping()) / 1.3;
  std::vector<float> w(static_cast<std::size_t>(deg));
  for (int i = 0; i < deg; ++i) {
    const double c = std::cos(M_PI * (i + 0.5) / deg);
    w[static_cast<std::size_t>(i)] = static_cast<float>(1.0 / (0.5 * hi * ((1 + lo) + (1 - lo) * c)));
  }
  for_each_row(workers, v.x, node_rows_per_chunk,
               [&](Index c, Index row) { scale_row(w[0], v.r.row(c, row), width, v.x.row(c, row)); });
  for (int i = 1; i < deg; ++i) {
    level.residual(workers, v.r, v.x, v.t);
    for_each_row(workers, v.x, node_rows_per_chunk, [&](Index c, Index row) {
      add_row(w[static_cast<std::size_t>(i)], v.t.row(c, row), width, v.x.row(c, row));
    });
  }
  const CoarseLevel& coarse = *multigrid_.levels()[at + 1];
  for (int g = 0; g < gamma; ++g) {
    level.residual(workers, v.r, v.x, v.t);
    restrict_level(workers, level, coarse, v.t, vectors_[at + 1].r);
    cycle(workers, at + 1);
    add_prolonged_level(workers, level, coarse, vectors_[at + 1].x, v.x);
  }
  for (int i = deg - 1; i >= 0; --i) {
    level.residual(workers, v.r, v.x, v.t);
    for_each_row(workers, v.x, node_rows_per_chunk, [&](Index c, Index row) {
      add_row(w[static_cast<std::size_t>(i)], v.t.row(c, row), width, v.x.row(c, row));
    });
  }
}

}  // namespace fastphoto
