// SPDX-License-Identifier: Apache-2.0
#include "galerkin.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "multiversion.h"
#include "pixel_blocks.h"
#include "windows.h"

namespace fastphoto {

namespace {

constexpr Index node_doubles = 16 * blocks_of_node;
constexpr Index tile = 64;

// Added to the diagonal of the operators, as a share. On smooth gradients nearly every field is affine in colour, and
// the operator's eigenvalues fall below what float32 blocks can tell from zero; this keeps them positive. 1e-6 to 1e-4
// take the same number of iterations.
constexpr double ridge = 1e-5;

/// Place of the block of nodes (k, k + (dy, dx)) among a node's blocks; -1 if the pair is stored the other way round.
FASTPHOTO_INLINE Index block_index(Index dy, Index dx) {
  if (dy < 0 || (dy == 0 && dx < 0)) {
    return -1;
  }
  return dy == 0 ? dx : 3 + (dy - 1) * 5 + dx + 2;
}

std::vector<ColorMoments> pixel_moments(Workers& workers, const ColorPlanes& colors, const HatAxis& rows,
                                        const HatAxis& columns) {
  std::vector<ColorMoments> moments(static_cast<std::size_t>(rows.nodes * columns.nodes));
  const Index plane = rows.size * columns.size;
  workers.run(rows.nodes, node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      for (Index y = rows.support_begin(k); y < rows.support_end(k); ++y) {
        const double wy = rows.weight(k, y);
        for (Index x = 0; x < columns.size; ++x) {
          const float* color = colors.row(0, y) + x;
          const auto r = static_cast<double>(color[0]);
          const auto g = static_cast<double>(color[plane]);
          const auto b = static_cast<double>(color[2 * plane]);
          const double values[10] = {1.0, r, g, b, r * r, r * g, r * b, g * g, g * b, b * b};
          const Index left = columns.left(x);
          const double right = columns.right_weight(x);
          ColorMoments* to = moments.data() + k * columns.nodes + left;
          for (int i = 0; i < 10; ++i) {
            to[0].sums[i] += wy * (1.0 - right) * values[i];
            to[1].sums[i] += wy * right * values[i];
          }
        }
      }
    }
  });
  return moments;
}

std::vector<ColorWhitening> whitenings(const std::vector<ColorMoments>& moments, double least_variance) {
  std::vector<ColorWhitening> result(moments.size());
  for (std::size_t i = 0; i < moments.size(); ++i) {
    result[i] = whiten_colors(moments[i], least_variance);
  }
  return result;
}

/// Whitens one node's raw blocks and stores them, the diagonal one apart.
void store_blocks(const std::vector<ColorWhitening>& nodes, CoarseLevel& level, Index row, Index column,
                  const double* raw, double* diagonal) {
  const Index width = level.grid().width;
  for (Index dy = 0; dy <= 2 && row + dy < level.grid().height; ++dy) {
    for (Index dx = dy == 0 ? 0 : -2; dx <= 2; ++dx) {
      if (column + dx < 0 || column + dx >= width) {
        continue;
      }
      const Index index = block_index(dy, dx);
      Block whitened;
      whiten_block(nodes[static_cast<std::size_t>(row * width + column)],
                   nodes[static_cast<std::size_t>((row + dy) * width + column + dx)], raw + 16 * index, whitened);
      if (index == 0) {
        for (int a = 0; a < 4; ++a) {
          for (int b = 0; b < 4; ++b) {
            diagonal[4 * a + b] = 0.5 * (whitened[4 * a + b] + whitened[4 * b + a]);
          }
        }
      } else {
        for (Index i = 0; i < 16; ++i) {
          level.blocks().row(16 * (index - 1) + i, row)[column] = static_cast<float>(whitened[i]);
        }
      }
    }
  }
}

/// block = left block right^T for a tile of nodes; left and right are lower triangular, planes of a Field.
FASTPHOTO_MULTIVERSION void scale_tile(const float* left, const float* right, Index triangle_plane, Index count,
                                       Index plane, float* block) {
  float half[16][tile];
  for (Index a = 0; a < 4; ++a) {
    for (Index b = 0; b < 4; ++b) {
      for (Index i = 0; i < count; ++i) {
        float sum = 0.0F;
        for (Index m = 0; m <= a; ++m) {
          sum += left[(4 * a + m) * triangle_plane + i] * block[(4 * m + b) * plane + i];
        }
        half[4 * a + b][i] = sum;
      }
    }
  }
  for (Index a = 0; a < 4; ++a) {
    for (Index b = 0; b < 4; ++b) {
      for (Index i = 0; i < count; ++i) {
        float sum = 0.0F;
        for (Index m = 0; m <= b; ++m) {
          sum += half[4 * a + m][i] * right[(4 * b + m) * triangle_plane + i];
        }
        block[(4 * a + b) * plane + i] = sum;
      }
    }
  }
}

/// Turns whitened blocks into those of the bases that make the diagonal blocks the identity.
void normalize(Workers& workers, const std::vector<ColorWhitening>& nodes, const std::vector<double>& diagonals,
               CoarseLevel& level) {
  const Grid& grid = level.grid();
  Field<float> inverses(grid, 16);
  workers.run(grid.height, node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index column = 0; column < grid.width; ++column) {
        const auto node = static_cast<std::size_t>(row * grid.width + column);
        Block factor;
        Block inverse;
        Block block;
        for (std::size_t i = 0; i < 16; ++i) {
          block[i] = (1.0 + ridge) * diagonals[16 * node + i];
        }
        invert_cholesky(block, factor, inverse);
        level.set_basis(row, column, make_basis(nodes[node], factor, inverse));
        for (Index i = 0; i < 16; ++i) {
          inverses.row(i, row)[column] = static_cast<float>(inverse[i]);
        }
      }
    }
  });
  const std::vector<NeighbourOffset> offsets = positive_offsets(1);
  workers.run(grid.height, node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
        const NeighbourOffset offset = offsets[static_cast<std::size_t>(o)];
        if (row + offset.dy >= grid.height) {
          continue;
        }
        for (Index column = 0; column < grid.width; column += tile) {
          scale_tile(inverses.row(0, row) + column,
                     inverses.row(0, row) + column + offset.dy * grid.stride() + offset.dx, inverses.plane(),
                     std::min(tile, grid.width - column), level.blocks().plane(),
                     level.blocks().row(16 * o, row) + column);
        }
      }
    }
  });
}

/// product = left^T middle right.
FASTPHOTO_INLINE void congruence(const double* left, const double* middle, const double* right, double* product) {
  Block half = {};
  for (Index a = 0; a < 4; ++a) {
    for (Index m = 0; m < 4; ++m) {
      for (Index b = 0; b < 4; ++b) {
        half[4 * a + b] += middle[4 * a + m] * right[4 * m + b];
      }
    }
  }
  std::fill(product, product + 16, 0.0);
  for (Index m = 0; m < 4; ++m) {
    for (Index a = 0; a < 4; ++a) {
      for (Index b = 0; b < 4; ++b) {
        product[4 * a + b] += left[4 * m + a] * half[4 * m + b];
      }
    }
  }
}

struct Chunk {
  Index begin;  // rows of coarse nodes
  Index end;
  Index width;
  double* blocks;
};

/// blocks(K, L) += weight * block, or its transpose where the pair is stored the other way round; both for K = L.
FASTPHOTO_INLINE void scatter(const Chunk& chunk, Index ky, Index kx, Index ly, Index lx, double weight,
                              const double* block, const double* turned, bool twice) {
  const Index index = block_index(ly - ky, lx - kx);
  if (index >= 0) {
    if (ky >= chunk.begin && ky < chunk.end) {
      double* to = chunk.blocks + ((ky - chunk.begin) * chunk.width + kx) * node_doubles + 16 * index;
      for (Index i = 0; i < 16; ++i) {
        to[i] += weight * block[i];
      }
      if (index == 0 && twice) {
        for (Index i = 0; i < 16; ++i) {
          to[i] += weight * turned[i];
        }
      }
    }
  } else if (twice && ly >= chunk.begin && ly < chunk.end) {
    double* to =
        chunk.blocks + ((ly - chunk.begin) * chunk.width + lx) * node_doubles + 16 * block_index(ky - ly, kx - lx);
    for (Index i = 0; i < 16; ++i) {
      to[i] += weight * turned[i];
    }
  }
}

/// Adds the blocks of one node of the finer level, in raw coordinates, to those of the coarse chunk.
FASTPHOTO_MULTIVERSION void add_node(const CoarseLevel& fine, const double* from_raw, const HatAxis& rows,
                                     const HatAxis& columns, Index y, Index x, const Chunk& chunk) {
  const Grid& grid = fine.grid();
  const double* own = from_raw + (y * grid.width + x) * 16;
  for (Index dy = 0; dy <= 2 && y + dy < grid.height; ++dy) {
    for (Index dx = dy == 0 ? 0 : -2; dx <= 2; ++dx) {
      if (x + dx < 0 || x + dx >= grid.width) {
        continue;
      }
      const Index index = block_index(dy, dx);
      Block stored = {};
      for (Index i = 0; i < 16; ++i) {
        stored[i] =
            index == 0 ? (i % 5 == 0 ? 1.0 : 0.0) : static_cast<double>(fine.blocks().row(16 * (index - 1) + i, y)[x]);
      }
      Block raw;
      congruence(own, stored, from_raw + ((y + dy) * grid.width + x + dx) * 16, raw);
      Block turned;
      for (Index a = 0; a < 4; ++a) {
        for (Index b = 0; b < 4; ++b) {
          turned[4 * b + a] = raw[4 * a + b];
        }
      }
      for (Index p = 0; p < 16; ++p) {
        const Index ky = p & 1;
        const Index kx = (p >> 1) & 1;
        const Index ly = (p >> 2) & 1;
        const Index lx = p >> 3;
        const double wy = rows.right_weight(y);
        const double wx = columns.right_weight(x);
        const double vy = rows.right_weight(y + dy);
        const double vx = columns.right_weight(x + dx);
        const double weight = (ky ? wy : 1.0 - wy) * (kx ? wx : 1.0 - wx) * (ly ? vy : 1.0 - vy) * (lx ? vx : 1.0 - vx);
        if (weight != 0.0) {
          scatter(chunk, rows.left(y) + ky, columns.left(x) + kx, rows.left(y + dy) + ly, columns.left(x + dx) + lx,
                  weight, raw, turned, index != 0);
        }
      }
    }
  }
}

}  // namespace

LevelSetup coarsen_pixels(Workers& workers, const ColorPlanes& colors, const Field<float>& coefficients,
                          const PixelDiagonal& diagonal, double least_variance) {
  const Grid& grid = coefficients.grid();
  const HatAxis rows(grid.height, node_spacing);
  const HatAxis columns(grid.width, node_spacing);
  LevelSetup result{std::make_unique<CoarseLevel>(rows, columns), pixel_moments(workers, colors, rows, columns)};
  const std::vector<ColorWhitening> nodes = whitenings(result.moments, least_variance);
  std::vector<double> diagonals(16 * nodes.size());
  constexpr Index chunk = 8;
  workers.run(rows.nodes, chunk, [&](Index begin, Index end) {
    // Two rows of nodes are in the making: those above and below the row of cells.
    NodeBlocks above(columns.nodes);
    NodeBlocks below(columns.nodes);
    double raw[node_doubles];
    for (Index row = std::max<Index>(0, begin - 1); row < end; ++row) {
      below.clear();
      add_cells(colors, coefficients, diagonal, row, above, below);
      for (Index x = 0; row >= begin && x < columns.nodes; ++x) {
        for (Index i = 0; i < node_doubles; ++i) {
          raw[i] = above.plane(i)[x];
        }
        store_blocks(nodes, *result.level, row, x, raw, diagonals.data() + (row * columns.nodes + x) * 16);
      }
      std::swap(above, below);
    }
  });
  normalize(workers, nodes, diagonals, *result.level);
  return result;
}

LevelSetup coarsen_level(Workers& workers, const LevelSetup& fine, double least_variance) {
  const Grid& grid = fine.level->grid();
  const HatAxis rows(grid.height, 2);
  const HatAxis columns(grid.width, 2);
  LevelSetup result{std::make_unique<CoarseLevel>(rows, columns), {}};
  result.moments.resize(static_cast<std::size_t>(rows.nodes * columns.nodes));
  for (Index y = 0; y < grid.height; ++y) {
    for (Index x = 0; x < grid.width; ++x) {
      for (Index ky = 0; ky < 2; ++ky) {
        for (Index kx = 0; kx < 2; ++kx) {
          const double wy = rows.right_weight(y);
          const double wx = columns.right_weight(x);
          result.moments[static_cast<std::size_t>((rows.left(y) + ky) * columns.nodes + columns.left(x) + kx)].add(
              (ky ? wy : 1.0 - wy) * (kx ? wx : 1.0 - wx), fine.moments[static_cast<std::size_t>(y * grid.width + x)]);
        }
      }
    }
  }
  const std::vector<ColorWhitening> nodes = whitenings(result.moments, least_variance);
  std::vector<double> from_raw(static_cast<std::size_t>(grid.height * grid.width * 16));
  workers.run(grid.height, node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y) {
      for (Index x = 0; x < grid.width; ++x) {
        from_raw_matrix(fine.level->basis_at(y, x), from_raw.data() + (y * grid.width + x) * 16);
      }
    }
  });

  std::vector<double> diagonals(16 * nodes.size());
  workers.run(rows.nodes, node_rows_per_chunk, [&](Index begin, Index end) {
    std::vector<double> blocks(static_cast<std::size_t>((end - begin) * columns.nodes * node_doubles));
    const Chunk chunk{begin, end, columns.nodes, blocks.data()};
    // Rows whose own coarse nodes, or those of the nodes up to two rows below, lie in the chunk.
    const Index first = std::max<Index>(0, 2 * (begin - 1) - 1);
    const Index last = end == rows.nodes ? grid.height : std::min(grid.height, 2 * end);
    for (Index y = first; y < last; ++y) {
      for (Index x = 0; x < grid.width; ++x) {
        add_node(*fine.level, from_raw.data(), rows, columns, y, x, chunk);
      }
    }
    for (Index row = begin; row < end; ++row) {
      for (Index x = 0; x < columns.nodes; ++x) {
        store_blocks(nodes, *result.level, row, x, blocks.data() + ((row - begin) * columns.nodes + x) * node_doubles,
                     diagonals.data() + (row * columns.nodes + x) * 16);
      }
    }
  });
  normalize(workers, nodes, diagonals, *result.level);
  return result;
}

}  // namespace fastphoto
