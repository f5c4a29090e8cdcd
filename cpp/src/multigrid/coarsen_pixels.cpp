// SPDX-License-Identifier: Apache-2.0
//
// The first level: operator and bases of squares of 3 x 3 pixels, many squares at a time.
#include <algorithm>

#include "base/multiversion.h"
#include "base/pool.h"
#include "multigrid/aggregates.h"
#include "multigrid/block_lanes.h"
#include "multigrid/coarsen.h"
#include "multigrid/node_bases.h"

namespace fastphoto {

namespace {

constexpr Index S = aggregate_side;
constexpr Index reach = 2;  // of the stencil
constexpr Index offsets = positive_offset_count(1);
constexpr Index rows_read = S + 2 * reach;

// Aggregates of a row of a tile: one before, then `lanes`, then one that is read and two that fill up four.
constexpr Index tile_nodes = lanes + 4;

/// What a tile of aggregates reads, split by the position in the aggregate: [row][channel][x % S][1 + aggregate], rows
/// from `reach` above the aggregates on. Zero outside the image.
using SplitRow = float[S][tile_nodes];
struct Tile {
  SplitRow color[rows_read][3];
  SplitRow coefficient[rows_read][offsets];
  SplitRow diagonal[S];
};

/// Splits S * tile_nodes samples of some channels of a row.
///
/// @param row  from the first sample on, which is at most one aggregate before the row, where a field has zeros.
/// @param width  samples from this position on count as zero, whatever is there.
FASTPHOTO_MULTIVERSION void split_rows(Planes<const float> row, Index channels, Index width,
                                       SplitRow* FASTPHOTO_RESTRICT to) {
  constexpr Index count = S * tile_nodes;
  float inside[count] = {};
  for (Index c = 0; c < channels; ++c) {
    const float* from = row[c];
    if (width < count) {
      std::copy_n(from, width, inside);
      from = inside;
    }
    for (Index node = 0; node < tile_nodes; ++node) {
      for (Index px = 0; px < S; ++px) {
        to[c][px][node] = from[S * node + px];
      }
    }
  }
}

void clear_rows(Index channels, SplitRow* to) { std::fill_n(&to[0][0][0], channels * S * tile_nodes, 0.0F); }

constexpr Index floor_div(Index a) { return (a + S) / S - 1; }
constexpr Index remainder(Index a) { return a - S * floor_div(a); }

/// Samples of a row of pixels of the tile at position `jx`, counted from the aggregates' left, of every aggregate.
FASTPHOTO_INLINE const float* at(const SplitRow& row, Index jx) { return row[remainder(jx)] + 1 + floor_div(jx); }

/// -A_ij for the pixels i at (py, px) of every aggregate and j at i + (dy, dx).
FASTPHOTO_INLINE const float* coefficients_at(const Tile& tile, Index py, Index px, Index dy, Index dx) {
  return dy > 0 || (dy == 0 && dx > 0) ? at(tile.coefficient[py + reach][offset_index(dy, dx, 1)], px)
                                       : at(tile.coefficient[py + dy + reach][offset_index(-dy, -dx, 1)], px + dx);
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

/// The energy of the pixels themselves and of their ties to other aggregates.
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
    colors[c] = at(tile.color[y + reach][c], jx);
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

/// sums += A_ij (1, I_j). The first j overwrites the sums, which is faster than to clear them.
FASTPHOTO_INLINE void add_neighbour(const float* c, const float* const* other, bool first, Lanes (&sums)[4]) {
  for (Index i = 0; i < lanes; ++i) {
    const auto weight = static_cast<double>(c[i]);
    sums[0][i] = (first ? 0.0 : sums[0][i]) - weight;
    sums[1][i] = (first ? 0.0 : sums[1][i]) - weight * static_cast<double>(other[0][i]);
    sums[2][i] = (first ? 0.0 : sums[2][i]) - weight * static_cast<double>(other[1][i]);
    sums[3][i] = (first ? 0.0 : sums[3][i]) - weight * static_cast<double>(other[2][i]);
  }
}

/// block += (1, I_i) sums^T, from zero where it is the first i.
FASTPHOTO_INLINE void add_pixel(const float* const* own, const Lanes (&sums)[4], bool first, BlockLanes& block) {
  for (Index b = 0; b < 4; ++b) {
    for (Index i = 0; i < lanes; ++i) {
      const double sum = sums[b][i];
      block[b][i] = (first ? 0.0 : block[b][i]) + sum;
      block[4 + b][i] = (first ? 0.0 : block[4 + b][i]) + sum * static_cast<double>(own[0][i]);
      block[8 + b][i] = (first ? 0.0 : block[8 + b][i]) + sum * static_cast<double>(own[1][i]);
      block[12 + b][i] = (first ? 0.0 : block[12 + b][i]) + sum * static_cast<double>(own[2][i]);
    }
  }
}

/// The block of the aggregates with their neighbours at `to`, in coefficients of (1, I - mean).
FASTPHOTO_INLINE void sum_block(const Tile& tile, NeighbourOffset to, BlockLanes& block) {
  bool any_pixel = false;
  for (Index py = 0; py < S; ++py) {
    for (Index px = 0; px < S; ++px) {
      Lanes sums[4];
      bool any = false;
      for (Index dy = std::max(-reach, to.dy * S - py); dy <= reach && py + dy < (to.dy + 1) * S; ++dy) {
        for (Index dx = -reach; dx <= reach; ++dx) {
          if (floor_div(px + dx) != to.dx) {
            continue;
          }
          const float* c = coefficients_at(tile, py, px, dy, dx);
          const float* other[3];
          pixel_colors(tile, py + dy, px + dx, other);
          any ? add_neighbour(c, other, false, sums) : add_neighbour(c, other, true, sums);
          any = true;
        }
      }
      if (any) {
        const float* own[3];
        pixel_colors(tile, py, px, own);
        any_pixel ? add_pixel(own, sums, false, block) : add_pixel(own, sums, true, block);
        any_pixel = true;
      }
    }
  }
}

/// The blocks between aggregates, in the bases.
FASTPHOTO_MULTIVERSION void neighbour_blocks(const Tile& tile, PlaneRows<const float> basis, Index count,
                                             Planes<float> out) {
  BlockLanes left;
  read_basis(basis.row(0), false, left);
  for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
    const NeighbourOffset to = CoarseLevel::offsets[o];
    BlockLanes block;
    BlockLanes right;
    BlockLanes product;
    sum_block(tile, to, block);
    read_basis(basis.row(to.dy).from(to.dx), false, right);
    congruence(left, block, right, product);
    store_block(product, count, out.behind(16 * o));
  }
}

/// Fills rows [0, last) of the tile, counted from the aggregates' first row of pixels.
void read_colors(const Field<float>& colors, Index node_row, Index node, Index last, Tile& tile) {
  const Index before = S * (node - 1);
  for (Index y = 0; y < last; ++y) {
    const Index row = S * node_row + y;
    row < colors.grid().height
        ? split_rows(colors.planes(row).from(before), 3, colors.grid().width - before, tile.color[y + reach])
        : clear_rows(3, tile.color[y + reach]);
  }
}

/// Fills rows [first, S) of the tile.
void read_coefficients(const Field<float>& coefficients, Index node_row, Index node, Index first, Tile& tile) {
  const Grid& grid = coefficients.grid();
  const Index before = S * (node - 1);
  for (Index y = first; y < S; ++y) {
    const Index row = S * node_row + y;
    // Of the rows above the aggregates, only the offsets that reach down into them.
    const Index o = y < 0 ? offset_index(-y, -reach, 1) : 0;
    SplitRow* const to = tile.coefficient[y + reach] + o;
    row >= 0 && row < grid.height
        ? split_rows(coefficients.planes(row, o).from(before), offsets - o, grid.width - before, to)
        : clear_rows(offsets - o, to);
  }
}

/// Moments of the aggregates; then takes their means off the pixels' colours.
///
/// @param rows  of pixels that lie in the image.
/// @param width  of the image from the first aggregate on.
FASTPHOTO_MULTIVERSION void centre(Index rows, Index width, Tile& tile, MomentLanes& moments) {
  for (Index i = 0; i < lanes; ++i) {
    moments[0][i] = static_cast<double>(rows * std::min(S, std::max<Index>(width - S * i, 0)));
  }
  std::fill_n(&moments[1][0], (moment_planes - 1) * lanes, 0.0);
  for (Index y = 0; y < rows; ++y) {
    for (Index px = 0; px < S; ++px) {
      const float* colors[3];
      pixel_colors(tile, y, px, colors);
      for (Index i = 0; i < lanes; ++i) {
        const auto r = static_cast<double>(colors[0][i]);
        const auto g = static_cast<double>(colors[1][i]);
        const auto b = static_cast<double>(colors[2][i]);
        moments[1][i] += r;
        moments[2][i] += g;
        moments[3][i] += b;
        moments[4][i] += r * r;
        moments[5][i] += r * g;
        moments[6][i] += r * b;
        moments[7][i] += g * g;
        moments[8][i] += g * b;
        moments[9][i] += b * b;
      }
    }
  }
  for (Index c = 0; c < 3; ++c) {
    float means[lanes];
    for (Index i = 0; i < lanes; ++i) {
      means[i] = mean_color(moments[1 + c][i], moments[0][i]);
    }
    for (Index y = 0; y < rows; ++y) {
      for (Index px = 0; px < S; ++px) {
        float* color = tile.color[y + reach][c][px] + 1;
        for (Index i = 0; i < lanes; ++i) {
          color[i] -= means[i];
        }
      }
    }
  }
}

/// The pixels of the aggregates of a split row, up to `width` of them.
FASTPHOTO_MULTIVERSION void join_row(const SplitRow& from, Index width, float* row) {
  float joined[S * lanes];
  for (Index i = 0; i < lanes; ++i) {
    for (Index px = 0; px < S; ++px) {
      joined[S * i + px] = from[px][1 + i];
    }
  }
  std::copy_n(joined, std::min(width, S * lanes), row);
}

FASTPHOTO_INLINE void unpack(const DiagonalLanes& sums, BlockLanes& blocks) {
  Index entry = 0;
  for (Index a = 0; a < 4; ++a) {
    for (Index b = a; b < 4; ++b) {
      std::copy_n(sums[entry], lanes, blocks[4 * a + b]);
      std::copy_n(sums[entry], lanes, blocks[4 * b + a]);
      ++entry;
    }
  }
}

/// Makes the first level, one row of aggregates after the other. The blocks of a row need the bases of the next row.
class PixelCoarsening {
 public:
  PixelCoarsening(const Field<float>& coefficients, const PixelDiagonal& diagonal, double least_variance,
                  Field<float>& colors, LevelSetup& result)
      : coefficients_(coefficients),
        diagonal_(diagonal),
        least_variance_(least_variance),
        colors_(colors),
        result_(result),
        work_([this] { return std::make_unique<Work>(colors_.grid().width); }) {}

  /// Bases of rows [begin, end) and blocks of all but the last.
  void make_rows(Index begin, Index end) {
    Pool<Work>::Loan loan(work_);
    for (Index row = begin; row < end; ++row) {
      make_bases(row, *loan);
      if (row > begin) {
        make_blocks(row - 1, (*loan).tile);
      }
    }
  }

  /// Blocks of a row, when the bases around it are made.
  void make_blocks(Index row) {
    Pool<Work>::Loan loan(work_);
    make_blocks(row, (*loan).tile);
  }

 private:
  struct Work {
    explicit Work(Index width) : diagonal(Grid{1, width, 0}, S) {}

    Field<float> diagonal;  // of a row of aggregates
    Tile tile;
    MomentLanes moments;
    DiagonalLanes sums;
    BlockLanes blocks;
  };

  void make_bases(Index row, Work& work);
  void make_blocks(Index row, Tile& tile);

  const Field<float>& coefficients_;
  const PixelDiagonal& diagonal_;
  double least_variance_;
  Field<float>& colors_;
  LevelSetup& result_;
  Pool<Work> work_;
};

void PixelCoarsening::make_bases(Index row, Work& work) {
  CoarseLevel& level = *result_.level;
  Tile& tile = work.tile;
  const Index rows = std::min(S, colors_.grid().height - S * row);
  for (Index y = 0; y < rows; ++y) {
    diagonal_.read(S * row + y, 0, colors_.grid().width, work.diagonal.row(y, 0));
  }
  for (Index node = 0; node < level.grid().width; node += lanes) {
    const Index width = colors_.grid().width - S * node;
    const Index count = std::min(lanes, level.grid().width - node);
    read_colors(colors_, row, node, S, tile);
    read_coefficients(coefficients_, row, node, -reach, tile);
    split_rows(work.diagonal.planes(0).from(S * (node - 1)), rows, S + width, tile.diagonal);
    clear_rows(S - rows, tile.diagonal + rows);
    centre(rows, width, tile, work.moments);
    for (Index p = 0; p < moment_planes; ++p) {
      std::copy_n(work.moments[p], count, result_.moments.row(p, row) + node);
    }
    for (Index y = 0; y < rows; ++y) {
      for (Index c = 0; c < 3; ++c) {
        join_row(tile.color[y + reach][c], width, colors_.row(c, S * row + y) + S * node);
      }
    }
    diagonal_blocks(tile, work.sums);
    unpack(work.sums, work.blocks);
    set_node_bases(work.moments, least_variance_, work.blocks, true, count, level.basis().planes(row).from(node));
  }
}

void PixelCoarsening::make_blocks(Index row, Tile& tile) {
  const Field<float>& basis = result_.level->basis();
  const Index width = result_.level->grid().width;
  for (Index node = 0; node < width; node += lanes) {
    read_colors(colors_, row, node, S + reach, tile);
    read_coefficients(coefficients_, row, node, 0, tile);
    neighbour_blocks(tile, basis.rows(row).from(node), std::min(lanes, width - node),
                     result_.blocks.planes(row).from(node));
  }
}

}  // namespace

LevelSetup coarsen_pixels(Workers& workers, const Field<float>& coefficients, const PixelDiagonal& diagonal,
                          double least_variance, Field<float>& colors) {
  const Grid nodes{aggregates_along(colors.grid().height), aggregates_along(colors.grid().width), 1};
  LevelSetup result{std::make_unique<CoarseLevel>(nodes.height, nodes.width),
                    Field<float>(nodes, CoarseLevel::block_planes), Field<double>(nodes, moment_planes)};
  PixelCoarsening coarsening(coefficients, diagonal, least_variance, colors, result);
  workers.run(nodes.height, node_rows_per_chunk, [&](Index begin, Index end) { coarsening.make_rows(begin, end); });
  workers.run(nodes.height, node_rows_per_chunk, [&](Index, Index end) { coarsening.make_blocks(end - 1); });
  return result;
}

}  // namespace fastphoto
