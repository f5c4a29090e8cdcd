// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "aggregates.h"
#include "block_lanes.h"
#include "galerkin.h"
#include "multiversion.h"
#include "node_bases.h"

namespace fastphoto {

namespace {

constexpr Index S = aggregate_side;
constexpr Index reach = 2;  // of the stencil
constexpr Index rows_read = S + 2 * reach;

/// What a tile of aggregates reads, split by the position in the aggregate: [..][row][x % S][1 + aggregate], rows from
/// `reach` above the aggregates on. Zero outside the image.
struct Tile {
  float color[3][rows_read][S][lanes + 2];
  float coefficient[12][rows_read][S][lanes + 2];
  float diagonal[S][S][lanes + 2];
};

/// Positions [begin, begin + S (lanes + 2)) of a row, split.
FASTPHOTO_MULTIVERSION void split_row(const float* row, Index width, Index begin,
                                      float (*FASTPHOTO_RESTRICT to)[lanes + 2]) {
  if (begin >= 0 && begin + S * (lanes + 2) <= width) {
    for (Index node = 0; node < lanes + 2; ++node) {
      for (Index j = 0; j < S; ++j) {
        to[j][node] = row[begin + S * node + j];
      }
    }
    return;
  }
  for (Index node = 0; node < lanes + 2; ++node) {
    for (Index j = 0; j < S; ++j) {
      const Index x = begin + S * node + j;
      to[j][node] = x >= 0 && x < width ? row[x] : 0.0F;
    }
  }
}

void clear_row(float (*to)[lanes + 2]) { std::fill_n(&to[0][0], S * (lanes + 2), 0.0F); }

constexpr Index floor_div(Index a) { return (a + S) / S - 1; }
constexpr Index remainder(Index a) { return a - S * floor_div(a); }

/// Samples of a row of pixels of the tile at position `jx`, counted from the aggregates' left, of every aggregate.
FASTPHOTO_INLINE const float* at(const float (*row)[lanes + 2], Index jx) {
  return row[remainder(jx)] + 1 + floor_div(jx);
}

/// -A_ij for the pixels i at (py, px) of every aggregate and j at i + (dy, dx).
FASTPHOTO_INLINE const float* coefficients_at(const Tile& tile, Index py, Index px, Index dy, Index dx) {
  return dy > 0 || (dy == 0 && dx > 0) ? at(tile.coefficient[offset_index(dy, dx, 1)][py + reach], px)
                                       : at(tile.coefficient[offset_index(-dy, -dx, 1)][py + dy + reach], px + dx);
}

/// Sums that give an aggregate's diagonal block in coefficients of (1, I - mean), upper triangle row by row.
using DiagonalLanes = Lanes[10];

/// Same aggregate: the pair's energy c (x_i - x_j)^2, in which the constant has no part.
FASTPHOTO_INLINE void add_inner_pair(const float* c, const float* const* own, const float* const* other,
                                     DiagonalLanes& sums) {
  for (Index i = 0; i < lanes; ++i) {
    const auto weight = static_cast<double>(c[i]);
    const double d0 = static_cast<double>(own[0][i]) - static_cast<double>(other[0][i]);
    const double d1 = static_cast<double>(own[1][i]) - static_cast<double>(other[1][i]);
    const double d2 = static_cast<double>(own[2][i]) - static_cast<double>(other[2][i]);
    sums[4][i] += weight * d0 * d0;
    sums[5][i] += weight * d0 * d1;
    sums[6][i] += weight * d0 * d2;
    sums[7][i] += weight * d1 * d1;
    sums[8][i] += weight * d1 * d2;
    sums[9][i] += weight * d2 * d2;
  }
}

/// The energy of the pixels themselves and of what ties them to other aggregates.
FASTPHOTO_INLINE void add_own(const Lanes& weight, const float* const* own, DiagonalLanes& sums) {
  for (Index i = 0; i < lanes; ++i) {
    const auto q0 = static_cast<double>(own[0][i]);
    const auto q1 = static_cast<double>(own[1][i]);
    const auto q2 = static_cast<double>(own[2][i]);
    const double w = weight[i];
    sums[0][i] += w;
    sums[1][i] += w * q0;
    sums[2][i] += w * q1;
    sums[3][i] += w * q2;
    sums[4][i] += w * q0 * q0;
    sums[5][i] += w * q0 * q1;
    sums[6][i] += w * q0 * q2;
    sums[7][i] += w * q1 * q1;
    sums[8][i] += w * q1 * q2;
    sums[9][i] += w * q2 * q2;
  }
}

FASTPHOTO_INLINE void pixel_colors(const Tile& tile, Index y, Index jx, const float** colors) {
  for (Index c = 0; c < 3; ++c) {
    colors[c] = at(tile.color[c][y + reach], jx);
  }
}

FASTPHOTO_MULTIVERSION void diagonal_blocks(const Tile& tile, DiagonalLanes& sums) {
  std::fill_n(&sums[0][0], 10 * lanes, 0.0);
  for (Index py = 0; py < S; ++py) {
    for (Index px = 0; px < S; ++px) {
      const float* own[3];
      pixel_colors(tile, py, px, own);
      Lanes weight;
      for (Index i = 0; i < lanes; ++i) {
        weight[i] = static_cast<double>(tile.diagonal[py][px][1 + i]);
      }
      for (Index dy = -reach; dy <= reach; ++dy) {
        for (Index dx = -reach; dx <= reach; ++dx) {
          const bool positive = dy > 0 || (dy == 0 && dx > 0);
          const bool inner = py + dy >= 0 && py + dy < S && px + dx >= 0 && px + dx < S;
          if (inner && positive) {
            const float* other[3];
            pixel_colors(tile, py + dy, px + dx, other);
            add_inner_pair(coefficients_at(tile, py, px, dy, dx), own, other, sums);
          } else if (!inner) {
            const float* c = coefficients_at(tile, py, px, dy, dx);
            for (Index i = 0; i < lanes; ++i) {
              weight[i] += static_cast<double>(c[i]);
            }
          }
        }
      }
      add_own(weight, own, sums);
    }
  }
}

/// The blocks between aggregates, in the bases.
FASTPHOTO_MULTIVERSION void neighbour_blocks(const Tile& tile, const float* basis, Index basis_row_step,
                                             Index plane_step, Index count, float* out, Index out_step) {
  BlockLanes blocks[CoarseLevel::blocks_per_node];
  std::fill_n(&blocks[0][0][0], CoarseLevel::blocks_per_node * 16 * lanes, 0.0);
  for (Index py = 0; py < S; ++py) {
    for (Index px = 0; px < S; ++px) {
      const float* own[3];
      pixel_colors(tile, py, px, own);
      for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
        const NeighbourOffset to = CoarseLevel::offsets[o];
        // -sum of A_ij (1, I_j) over the neighbours j in that aggregate
        Lanes sums[4] = {};
        bool any = false;
        for (Index dy = std::max(-reach, to.dy * S - py); dy <= reach && py + dy < (to.dy + 1) * S; ++dy) {
          for (Index dx = -reach; dx <= reach; ++dx) {
            if (floor_div(px + dx) != to.dx) {
              continue;
            }
            any = true;
            const float* c = coefficients_at(tile, py, px, dy, dx);
            const float* other[3];
            pixel_colors(tile, py + dy, px + dx, other);
            for (Index i = 0; i < lanes; ++i) {
              const auto weight = static_cast<double>(c[i]);
              sums[0][i] += weight;
              sums[1][i] += weight * static_cast<double>(other[0][i]);
              sums[2][i] += weight * static_cast<double>(other[1][i]);
              sums[3][i] += weight * static_cast<double>(other[2][i]);
            }
          }
        }
        for (Index b = 0; any && b < 4; ++b) {
          for (Index i = 0; i < lanes; ++i) {
            const double sum = sums[b][i];
            blocks[o][b][i] -= sum;
            blocks[o][4 + b][i] -= sum * static_cast<double>(own[0][i]);
            blocks[o][8 + b][i] -= sum * static_cast<double>(own[1][i]);
            blocks[o][12 + b][i] -= sum * static_cast<double>(own[2][i]);
          }
        }
      }
    }
  }
  BlockLanes left;
  read_basis(basis, plane_step, false, left);
  for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
    const NeighbourOffset to = CoarseLevel::offsets[o];
    BlockLanes right;
    BlockLanes product;
    read_basis(basis + to.dy * basis_row_step + to.dx, plane_step, false, right);
    congruence(left, blocks[o], right, product);
    store_block(product, count, out + 16 * o * out_step, out_step);
  }
}

/// Fills rows [first, last) of the tile, counted from the aggregates' first row of pixels.
void read_tile(const Field<float>& centred, const Field<float>& coefficients, Index node_row, Index node, Index first,
               Index last, Tile& tile) {
  const Grid& grid = coefficients.grid();
  const Index begin = S * (node - 1);
  for (Index y = first; y < last; ++y) {
    const Index row = S * node_row + y;
    const bool inside = row >= 0 && row < grid.height;
    for (Index c = 0; c < 3; ++c) {
      inside ? split_row(centred.row(c, row), grid.width, begin, tile.color[c][y + reach])
             : clear_row(tile.color[c][y + reach]);
    }
    for (Index o = 0; y < S && o < 12; ++o) {
      inside ? split_row(coefficients.row(o, row), grid.width, begin, tile.coefficient[o][y + reach])
             : clear_row(tile.coefficient[o][y + reach]);
    }
  }
}

/// Where the pixels of one row of aggregates are.
struct AggregateRow {
  float* colors[3];  // of its first row of pixels
  Index row_step;
  Index rows;
  Index width;
};

/// Moments of the aggregates of one row; then takes their means off the pixels' colours.
FASTPHOTO_MULTIVERSION void centre_row(const AggregateRow& row, ColorMoments* moments) {
  for (Index y = 0; y < row.rows; ++y) {
    for (Index x = 0; x < row.width; ++x) {
      const auto r = static_cast<double>(row.colors[0][y * row.row_step + x]);
      const auto g = static_cast<double>(row.colors[1][y * row.row_step + x]);
      const auto b = static_cast<double>(row.colors[2][y * row.row_step + x]);
      const double values[10] = {1.0, r, g, b, r * r, r * g, r * b, g * g, g * b, b * b};
      for (int i = 0; i < 10; ++i) {
        moments[x / S].sums[i] += values[i];
      }
    }
  }
  for (Index c = 0; c < 3; ++c) {
    for (Index node = 0; node < aggregates_along(row.width); ++node) {
      const float mean = moments[node].mean(c);
      for (Index y = 0; y < row.rows; ++y) {
        for (Index x = S * node; x < std::min(row.width, S * node + S); ++x) {
          row.colors[c][y * row.row_step + x] -= mean;
        }
      }
    }
  }
}

Block& unpack(const DiagonalLanes& sums, Index lane, Block& block) {
  Index entry = 0;
  for (Index a = 0; a < 4; ++a) {
    for (Index b = a; b < 4; ++b) {
      block[4 * a + b] = block[4 * b + a] = sums[entry++][lane];
    }
  }
  return block;
}

}  // namespace

LevelSetup coarsen_pixels(Workers& workers, const Field<float>& coefficients, const PixelDiagonal& diagonal,
                          double least_variance, Field<float>& colors) {
  const Grid& pixels = colors.grid();
  const Grid nodes{aggregates_along(pixels.height), aggregates_along(pixels.width), 1};
  LevelSetup result{std::make_unique<CoarseLevel>(nodes.height, nodes.width),
                    Field<float>(nodes, CoarseLevel::block_planes),
                    std::vector<ColorMoments>(static_cast<std::size_t>(nodes.height * nodes.width))};
  CoarseLevel& level = *result.level;
  workers.run(nodes.height, node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      const Index first = S * row;
      centre_row({{colors.row(0, first), colors.row(1, first), colors.row(2, first)},
                  colors.row_step(),
                  std::min(S, pixels.height - first),
                  pixels.width},
                 result.moments.data() + row * nodes.width);
    }
  });
  workers.run(nodes.height, node_rows_per_chunk, [&](Index begin, Index end) {
    const auto tile = std::make_unique<Tile>();
    const auto sums = std::make_unique<DiagonalLanes[]>(1);
    std::vector<float> own(static_cast<std::size_t>(pixels.width));
    for (Index row = begin; row < end; ++row) {
      for (Index node = 0; node < nodes.width; node += lanes) {
        read_tile(colors, coefficients, row, node, -reach, S, *tile);
        for (Index y = 0; y < S; ++y) {
          if (S * row + y < pixels.height) {
            diagonal.read(S * row + y, 0, pixels.width, own.data());
            split_row(own.data(), pixels.width, S * (node - 1), tile->diagonal[y]);
          } else {
            clear_row(tile->diagonal[y]);
          }
        }
        diagonal_blocks(*tile, sums[0]);
        for (Index i = 0; i < std::min(lanes, nodes.width - node); ++i) {
          Block block;
          set_node_basis(result.moments[static_cast<std::size_t>(row * nodes.width + node + i)], least_variance,
                         unpack(sums[0], i, block), true, level, row, node + i);
        }
      }
    }
  });
  workers.run(nodes.height, node_rows_per_chunk, [&](Index begin, Index end) {
    const auto tile = std::make_unique<Tile>();
    for (Index row = begin; row < end; ++row) {
      for (Index node = 0; node < nodes.width; node += lanes) {
        read_tile(colors, coefficients, row, node, 0, S + reach, *tile);
        neighbour_blocks(*tile, level.basis().row(0, row) + node, level.basis().row_step(),
                         level.basis().channel_step(), std::min(lanes, nodes.width - node),
                         result.blocks.row(0, row) + node, result.blocks.channel_step());
      }
    }
  });
  return result;
}

}  // namespace fastphoto
