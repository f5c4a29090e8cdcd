// SPDX-License-Identifier: Apache-2.0
//
// A level from a finer one: blocks summed first along rows, then along columns.
#include <algorithm>
#include <utility>

#include "base/multiversion.h"
#include "base/pool.h"
#include "multigrid/block_lanes.h"
#include "multigrid/coarsen.h"
#include "multigrid/level_transfer.h"
#include "multigrid/node_bases.h"

namespace fastphoto {

namespace {

// Blocks of a node while they are summed, in coefficients of (1, I): the node's own block, then the blocks of the
// positive offsets.
constexpr Index neighbour_plane = 16;
constexpr Index raw_planes = neighbour_plane + CoarseLevel::block_planes;

/// Place of the block of nodes (k, k + (dy, dx)) among a node's blocks.
constexpr Index block_place(Index dy, Index dx) { return dy == 0 ? dx : 3 + dx; }

/// One of a finer node's parents along an axis: how many nodes beyond the one before it, and its weight.
struct Parent {
  Index node;
  double weight;
};

/// The parents of position 2 k + `position`, counted from node k; returns how many.
FASTPHOTO_INLINE Index parents_of(Index position, Parent (&parents)[2]) {
  const Index left = (position + 2) / 2 - 1;
  if (position % 2 == 0) {
    parents[0] = {left, 1.0};
    return 1;
  }
  parents[0] = {left, 0.5};
  parents[1] = {left + 1, 0.5};
  return 2;
}

/// Blocks of a tile of nodes while they are summed, and of the node behind it.
constexpr Index tile_step = lanes + 8;
using TileBlocks = double[raw_planes][tile_step];

/// Rows of raw blocks in the making: rows[k] has those of coarse row k of the cell, 0 or 1.
struct CellRows {
  Planes<double> rows[2];
};

/// to += weight from, or its transpose, of `count` nodes.
FASTPHOTO_INLINE void add_block(Planes<const double> from, bool transposed, double weight, Index count,
                                Planes<double> to) {
  for (Index a = 0; a < 4; ++a) {
    for (Index b = 0; b < 4; ++b) {
      const double* entry = from[transposed ? 4 * b + a : 4 * a + b];
      double* FASTPHOTO_RESTRICT out = to[4 * a + b];
      for (Index i = 0; i < count; ++i) {
        out[i] += weight * entry[i];
      }
    }
  }
}

/// First along the rows: gives the block of fine nodes 2 k + px of a row and their neighbours at `offset` to their
/// parents along the row. Only the symmetric part of a node's own block will be used.
FASTPHOTO_INLINE void add_to_columns(const BlockLanes& block, Index px, NeighbourOffset offset, TileBlocks& to) {
  Parent own[2];
  Parent other[2];
  const Index own_count = parents_of(px, own);
  const Index other_count = parents_of(px + offset.dx, other);
  for (Index k = 0; k < own_count; ++k) {
    for (Index l = 0; l < other_count; ++l) {
      const Index dx = other[l].node - own[k].node;
      if (offset.dy == 0 && dx < 0) {
        continue;  // of a node itself, whose block has been given to that pair already
      }
      const Index place = block_place(offset.dy, dx);
      const double both_ways = place == 0 && offset.dx != 0 ? 2.0 : 1.0;
      add_block({block[0], lanes}, false, both_ways * own[k].weight * other[l].weight, lanes,
                {&to[16 * place][own[k].node], tile_step});
    }
  }
}

/// Then along the columns: gives the blocks of a fine row at position `py`, with itself and the next, to its parents.
FASTPHOTO_MULTIVERSION void add_to_rows(const TileBlocks& row, Index py, const CellRows& to) {
  const auto add = [&](Index from_place, bool transposed, double weight, Planes<double> node,
                       Index place) FASTPHOTO_INLINE_LAMBDA {
    add_block({row[16 * from_place], tile_step}, transposed, weight, lanes + 1, node.behind(16 * place));
  };
  Parent own[2];
  Parent other[2];
  const Index own_count = parents_of(py, own);
  for (Index k = 0; k < own_count; ++k) {
    const Planes<double> node = to.rows[own[k].node];
    for (Index l = 0; l < own_count; ++l) {
      const double weight = own[k].weight * own[l].weight;
      if (k == l) {
        add(0, false, weight, node, 0);
        add(1, false, weight, node, 1);
      } else if (k < l) {
        add(0, false, 0.5 * weight, node, 3);
        add(0, true, 0.5 * weight, node, 3);
        add(1, false, weight, node, 4);
        add(1, true, weight, node.from(1), 2);
      }
    }
    const Index other_count = parents_of(py + 1, other);
    for (Index l = 0; l < other_count; ++l) {
      const double weight = own[k].weight * other[l].weight;
      if (other[l].node > own[k].node) {
        add(2, false, weight, node, 2);
        add(3, false, weight, node, 3);
        add(4, false, weight, node, 4);
      } else {
        add(2, true, weight, node.from(-1), 1);
        add(3, false, 2.0 * weight, node, 0);
        add(4, false, weight, node, 1);
      }
    }
  }
}

/// Inverse bases of fine nodes of one row, for a tile of k: of 2 k - 1, 2 k, 2 k + 1 and 2 k + 2.
struct RowBases {
  BlockLanes before_even[4];

  const BlockLanes& at(Index position) const { return before_even[1 + position]; }
};

/// @param basis  from node 2 k of the first k on.
FASTPHOTO_MULTIVERSION void read_row(Planes<const float> basis, RowBases& bases) {
  for (Index position = -1; position <= 2; ++position) {
    read_inverse_basis(basis.from(position), 2, bases.before_even[1 + position]);
  }
}

/// Adds what fine nodes 2 k + px of one row give, for a tile of k.
///
/// @param blocks  from node 2 k of the first k on.
FASTPHOTO_MULTIVERSION void add_nodes(Planes<const float> blocks, const RowBases& bases, const RowBases& bases_below,
                                      Index px, TileBlocks& to) {
  const BlockLanes& own = bases.at(px);
  BlockLanes raw;
  square(own, raw);
  add_to_columns(raw, px, {0, 0}, to);
  for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
    const NeighbourOffset offset = CoarseLevel::offsets[o];
    BlockLanes middle;
    for (Index entry = 0; entry < 16; ++entry) {
      const float* from = blocks[16 * o + entry] + px;
      for (Index i = 0; i < lanes; ++i) {
        middle[entry][i] = static_cast<double>(from[2 * i]);
      }
    }
    congruence(own, middle, (offset.dy == 0 ? bases : bases_below).at(px + offset.dx), raw);
    add_to_columns(raw, px, offset, to);
  }
}

/// The blocks between nodes and their neighbours, from coefficients of (1, I) to the bases.
FASTPHOTO_MULTIVERSION void change_bases(Planes<const double> raw, PlaneRows<const float> basis, Index count,
                                         Planes<float> out) {
  BlockLanes left;
  read_basis(basis.row(0), true, left);
  for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
    const NeighbourOffset offset = CoarseLevel::offsets[o];
    BlockLanes right;
    BlockLanes middle;
    BlockLanes product;
    read_basis(basis.row(offset.dy).from(offset.dx), true, right);
    for (Index entry = 0; entry < 16; ++entry) {
      std::copy_n(raw[16 * o + entry], lanes, middle[entry]);
    }
    congruence(left, middle, right, product);
    store_block(product, count, out.behind(16 * o));
  }
}

/// Hat-weighted sums of the moments of finer nodes.
///
/// @param fine  from node 2 k of the first k on.
/// @param last  row that is there, from the node's own.
FASTPHOTO_MULTIVERSION void sum_moments(PlaneRows<const double> fine, Index last, MomentLanes& sums) {
  for (Index p = 0; p < moment_planes; ++p) {
    std::fill_n(sums[p], lanes, 0.0);
    for (Index dy = -1; dy <= last; ++dy) {
      const double* row = fine.row(dy)[p];
      const double weight = dy == 0 ? 1.0 : 0.5;
      for (Index i = 0; i < lanes; ++i) {
        sums[p][i] += weight * (row[2 * i] + 0.5 * (row[2 * i - 1] + row[2 * i + 1]));
      }
    }
  }
}

/// Makes a level from a finer one, a few rows of nodes at a time. The blocks of a row need the bases of the next row.
class LevelCoarsening {
 public:
  LevelCoarsening(const LevelSetup& fine, double least_variance, LevelSetup& result)
      : fine_(fine), from_(fine.level->grid()), least_variance_(least_variance), result_(result), work_([this] {
          return std::make_unique<Work>(result_.level->grid().width);
        }) {}

  /// Makes the bases of rows [begin, end), at most node_rows_per_chunk of them, and the blocks of all but the last row.
  /// Writes to `last` what the blocks of the last row are made from.
  void make_rows(Index begin, Index end, double* last);

  /// Blocks of a row, when the bases around it are made.
  void make_blocks(Index row, Planes<const double> raw);

 private:
  struct Work {
    // A tile writes to nodes before its first and behind its last one, and to the rows before and behind the task's.
    explicit Work(Index width) : raw(Grid{node_rows_per_chunk, padded_to_tiles(width), 1}, raw_planes) {}

    Field<double> raw;
    RowBases bases[2];
    TileBlocks row;
    MomentLanes moments;
    BlockLanes blocks;
  };

  void sum_blocks(Index begin, Index end, Work& work) const;
  void make_bases(Index row, Planes<const double> raw, Work& work);

  const LevelSetup& fine_;
  const Grid& from_;
  double least_variance_;
  LevelSetup& result_;
  Pool<Work> work_;
};

void LevelCoarsening::sum_blocks(Index begin, Index end, Work& work) const {
  Field<double>& raw = work.raw;
  std::fill(raw.row(0, -1) - 1, raw.row(0, node_rows_per_chunk + 1), 0.0);
  const Field<float>& basis = fine_.level->basis();
  const auto read = [&](Index y, Index node, RowBases& bases) { read_row(basis.planes(y).from(2 * node), bases); };
  const Index first = std::max<Index>(0, 2 * begin - 1);
  for (Index node = 0; node < result_.level->grid().width; node += lanes) {
    RowBases* bases = &work.bases[0];
    RowBases* bases_below = &work.bases[1];
    read(first, node, *bases);
    for (Index y = first; y < std::min(2 * end, from_.height); ++y) {
      read(y + 1, node, *bases_below);
      const Index row = y / 2 - begin;
      std::fill_n(&work.row[0][0], raw_planes * tile_step, 0.0);
      for (Index px = 0; px < 2; ++px) {
        add_nodes(fine_.blocks.planes(y).from(2 * node), *bases, *bases_below, px, work.row);
      }
      add_to_rows(work.row, y % 2, {{raw.planes(row).from(node), raw.planes(row + 1).from(node)}});
      std::swap(bases, bases_below);
    }
  }
}

void LevelCoarsening::make_bases(Index row, Planes<const double> raw, Work& work) {
  CoarseLevel& level = *result_.level;
  const Field<double>& moments = fine_.moments;
  const Index last = std::min<Index>(1, from_.height - 1 - 2 * row);
  for (Index node = 0; node < level.grid().width; node += lanes) {
    const Index count = std::min(lanes, level.grid().width - node);
    sum_moments(moments.rows(2 * row).from(2 * node), last, work.moments);
    for (Index p = 0; p < moment_planes; ++p) {
      std::copy_n(work.moments[p], count, result_.moments.row(p, row) + node);
    }
    for (Index entry = 0; entry < 16; ++entry) {
      std::copy_n(raw[entry] + node, lanes, work.blocks[entry]);
    }
    set_node_bases(work.moments, least_variance_, work.blocks, false, count, level.basis().planes(row).from(node));
  }
}

void LevelCoarsening::make_blocks(Index row, Planes<const double> raw) {
  const Field<float>& basis = result_.level->basis();
  const Index width = result_.level->grid().width;
  for (Index node = 0; node < width; node += lanes) {
    change_bases(raw.from(node), basis.rows(row).from(node), std::min(lanes, width - node),
                 result_.blocks.planes(row).from(node));
  }
}

void LevelCoarsening::make_rows(Index begin, Index end, double* last) {
  Pool<Work>::Loan loan(work_);
  Work& work = *loan;
  sum_blocks(begin, end, work);
  for (Index row = begin; row < end; ++row) {
    make_bases(row, work.raw.planes(row - begin), work);
    if (row > begin) {
      make_blocks(row - 1, work.raw.planes(row - 1 - begin, neighbour_plane));
    }
  }
  const double* const raw = work.raw.row(neighbour_plane, end - 1 - begin);
  std::copy_n(raw, CoarseLevel::block_planes * work.raw.channel_step(), last);
}

}  // namespace

LevelSetup coarsen_level(Workers& workers, const LevelSetup& fine, double least_variance) {
  const Index height = coarser_nodes(fine.level->grid().height);
  const Index width = coarser_nodes(fine.level->grid().width);
  LevelSetup result{std::make_unique<CoarseLevel>(height, width),
                    Field<float>(Grid{height, width, 1}, CoarseLevel::block_planes),
                    Field<double>(Grid{height, width, 1}, moment_planes)};
  LevelCoarsening coarsening(fine, least_variance, result);
  const Index tasks = (height + node_rows_per_chunk - 1) / node_rows_per_chunk;
  Field<double> last(Grid{tasks, padded_to_tiles(width), 1}, CoarseLevel::block_planes);
  workers.run(height, node_rows_per_chunk, [&](Index begin, Index end) {
    coarsening.make_rows(begin, end, last.row(0, begin / node_rows_per_chunk));
  });
  workers.run(height, node_rows_per_chunk, [&](Index begin, Index end) {
    coarsening.make_blocks(end - 1, last.planes(begin / node_rows_per_chunk));
  });
  return result;
}

}  // namespace fastphoto
