// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "block_lanes.h"
#include "galerkin.h"
#include "level_transfer.h"
#include "multiversion.h"
#include "node_bases.h"

namespace fastphoto {

namespace {

// Blocks of a node while they are summed: its own, then those of the positive offsets; in coefficients of (1, I).
constexpr Index raw_planes = 16 * (1 + CoarseLevel::blocks_per_node);

/// Place of the block of nodes (k, k + (dy, dx)) among a node's blocks; negative if the pair is stored the other way.
constexpr Index block_place(Index dy, Index dx) { return dy == 0 ? (dx < 0 ? -1 : dx) : (dy < 0 ? -1 : 3 + dx); }

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

/// Rows of raw blocks in the making: rows[k] has those of coarse row k of the cell, 0 or 1; planes `step` apart.
struct CellRows {
  double* rows[2];
  Index step;
};

/// to += weight block, or its transpose.
FASTPHOTO_INLINE void add_block(const BlockLanes& block, bool transposed, double weight, double* to, Index step) {
  for (Index a = 0; a < 4; ++a) {
    for (Index b = 0; b < 4; ++b) {
      const Lanes& entry = block[transposed ? 4 * b + a : 4 * a + b];
      double* FASTPHOTO_RESTRICT out = to + (4 * a + b) * step;
      for (Index i = 0; i < lanes; ++i) {
        out[i] += weight * entry[i];
      }
    }
  }
}

/// Gives the block of fine nodes (2 k + (py, px)) and their neighbours at `offset` to those of their parents.
FASTPHOTO_INLINE void add_to_parents(const BlockLanes& block, Index py, Index px, NeighbourOffset offset,
                                     const CellRows& to) {
  Parent own_rows[2];
  Parent own_columns[2];
  Parent other_rows[2];
  Parent other_columns[2];
  const Index own_row_count = parents_of(py, own_rows);
  const Index own_column_count = parents_of(px, own_columns);
  const Index other_row_count = parents_of(py + offset.dy, other_rows);
  const Index other_column_count = parents_of(px + offset.dx, other_columns);
  const bool itself = offset.dy == 0 && offset.dx == 0;
  for (Index p = 0; p < own_row_count * own_column_count * other_row_count * other_column_count; ++p) {
    Index rest = p;
    const auto next = [&](const Parent(&parents)[2], Index count) {
      const Parent parent = parents[rest % count];
      rest /= count;
      return parent;
    };
    const Parent ky = next(own_rows, own_row_count);
    const Parent kx = next(own_columns, own_column_count);
    const Parent ly = next(other_rows, other_row_count);
    const Parent lx = next(other_columns, other_column_count);
    const double weight = ky.weight * kx.weight * ly.weight * lx.weight;
    const Index place = block_place(ly.node - ky.node, lx.node - kx.node);
    if (place >= 0) {
      double* out = to.rows[ky.node] + kx.node + 16 * place * to.step;
      // Of a node's own block only the symmetric part is asked for.
      add_block(block, false, place == 0 && !itself ? 2.0 * weight : weight, out, to.step);
    } else if (!itself) {
      add_block(block, true, weight,
                to.rows[ly.node] + lx.node + 16 * block_place(ky.node - ly.node, kx.node - lx.node) * to.step, to.step);
    }
  }
}

/// Inverse bases of fine nodes of one row, for a tile of k: of 2 k - 1, 2 k, 2 k + 1 and 2 k + 2.
struct RowBases {
  BlockLanes before_even[4];

  const BlockLanes& at(Index position) const { return before_even[1 + position]; }
};

/// `basis` points at node 2 k of the first k.
FASTPHOTO_MULTIVERSION void read_row(const float* basis, Index plane_step, RowBases& bases) {
  for (Index position = -1; position <= 2; ++position) {
    read_inverse_basis(basis + position, plane_step, 2, bases.before_even[1 + position]);
  }
}

/// Adds what fine nodes 2 k + px of one row give, for a tile of k. `blocks` points at node 2 k of the first k.
FASTPHOTO_MULTIVERSION void add_nodes(const float* blocks, Index block_step, const RowBases& bases,
                                      const RowBases& bases_below, Index py, Index px, const CellRows& to) {
  const BlockLanes& own = bases.at(px);
  BlockLanes raw;
  square(own, raw);
  add_to_parents(raw, py, px, {0, 0}, to);
  for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
    const NeighbourOffset offset = CoarseLevel::offsets[o];
    BlockLanes middle;
    for (Index entry = 0; entry < 16; ++entry) {
      const float* from = blocks + px + (16 * o + entry) * block_step;
      for (Index i = 0; i < lanes; ++i) {
        middle[entry][i] = static_cast<double>(from[2 * i]);
      }
    }
    congruence(own, middle, (offset.dy == 0 ? bases : bases_below).at(px + offset.dx), raw);
    add_to_parents(raw, py, px, offset, to);
  }
}

FASTPHOTO_MULTIVERSION void change_bases(const double* raw, Index raw_step, const float* basis, Index basis_row_step,
                                         Index plane_step, Index count, float* out, Index out_step) {
  BlockLanes left;
  read_basis(basis, plane_step, true, left);
  for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
    const NeighbourOffset offset = CoarseLevel::offsets[o];
    BlockLanes right;
    BlockLanes middle;
    BlockLanes product;
    read_basis(basis + offset.dy * basis_row_step + offset.dx, plane_step, true, right);
    for (Index entry = 0; entry < 16; ++entry) {
      std::copy_n(raw + (16 * (1 + o) + entry) * raw_step, lanes, middle[entry]);
    }
    congruence(left, middle, right, product);
    store_block(product, count, out + 16 * o * out_step, out_step);
  }
}

/// Hat-weighted sums of the moments of finer nodes. `fine` points at node 2 k of the first k, rows up to `last` from
/// its own are there.
FASTPHOTO_MULTIVERSION void sum_moments(const double* fine, Index row_step, Index plane_step, Index last,
                                        MomentLanes& sums) {
  for (Index p = 0; p < moment_planes; ++p) {
    std::fill_n(sums[p], lanes, 0.0);
    for (Index dy = -1; dy <= last; ++dy) {
      const double* row = fine + dy * row_step + p * plane_step;
      const double weight = dy == 0 ? 1.0 : 0.5;
      for (Index i = 0; i < lanes; ++i) {
        sums[p][i] += weight * (row[2 * i] + 0.5 * (row[2 * i - 1] + row[2 * i + 1]));
      }
    }
  }
}

/// What one task needs.
struct LevelWork {
  RowBases bases[2];
  MomentLanes moments;
  BlockLanes blocks;
};

}  // namespace

LevelSetup coarsen_level(Workers& workers, const LevelSetup& fine, double least_variance) {
  const CoarseLevel& from = *fine.level;
  const Index height = coarser_nodes(from.grid().height);
  const Index width = coarser_nodes(from.grid().width);
  LevelSetup result{std::make_unique<CoarseLevel>(height, width),
                    Field<float>(Grid{height, width, 1}, CoarseLevel::block_planes),
                    Field<double>(Grid{height, width, 1}, moment_planes)};
  CoarseLevel& level = *result.level;
  // A tile writes to nodes before its first and behind its last one.
  const Grid room{height, padded_to_packs(width) + lanes, 1};
  Field<double> raw(room, raw_planes);
  workers.run(height, node_rows_per_chunk, [&](Index begin, Index end) {
    const auto work = std::make_unique<LevelWork>();
    Field<double> elsewhere(Grid{1, room.width, 1}, raw_planes);  // rows of other tasks
    const auto target = [&](Index k) { return k >= begin && k < end ? raw.row(0, k) : elsewhere.row(0, 0); };
    const auto read = [&](Index y, Index node, RowBases& bases) {
      read_row(from.basis().row(0, y) + 2 * node, from.basis().channel_step(), bases);
    };
    const Index first = std::max<Index>(0, begin - 1);
    for (Index node = 0; node < width; node += lanes) {
      RowBases* bases = &work->bases[0];
      RowBases* bases_below = &work->bases[1];
      read(2 * first, node, *bases);
      for (Index y = 2 * first; y < std::min(2 * end, from.grid().height); ++y) {
        read(y + 1, node, *bases_below);
        for (Index px = 0; px < 2; ++px) {
          add_nodes(fine.blocks.row(0, y) + 2 * node, fine.blocks.channel_step(), *bases, *bases_below, y % 2, px,
                    {{target(y / 2) + node, target(y / 2 + 1) + node}, raw.channel_step()});
        }
        std::swap(bases, bases_below);
      }
    }
    for (Index row = begin; row < end; ++row) {
      for (Index node = 0; node < width; node += lanes) {
        const Index count = std::min(lanes, width - node);
        sum_moments(fine.moments.row(0, 2 * row) + 2 * node, fine.moments.row_step(), fine.moments.channel_step(),
                    std::min<Index>(1, from.grid().height - 1 - 2 * row), work->moments);
        for (Index p = 0; p < moment_planes; ++p) {
          std::copy_n(work->moments[p], count, result.moments.row(p, row) + node);
        }
        for (Index entry = 0; entry < 16; ++entry) {
          std::copy_n(raw.row(entry, row) + node, lanes, work->blocks[entry]);
        }
        set_node_bases(work->moments, least_variance, work->blocks, false, count, level.basis().row(0, row) + node,
                       level.basis().channel_step());
      }
    }
  });
  workers.run(height, node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index node = 0; node < width; node += lanes) {
        change_bases(raw.row(0, row) + node, raw.channel_step(), level.basis().row(0, row) + node,
                     level.basis().row_step(), level.basis().channel_step(), std::min(lanes, width - node),
                     result.blocks.row(0, row) + node, result.blocks.channel_step());
      }
    }
  });
  return result;
}

}  // namespace fastphoto
