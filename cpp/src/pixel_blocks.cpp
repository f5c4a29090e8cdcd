// SPDX-License-Identifier: Apache-2.0
#include "pixel_blocks.h"

#include <algorithm>

#include "multiversion.h"
#include "windows.h"

namespace fastphoto {

namespace {

constexpr Index S = node_spacing;
constexpr Index tile = 32;  // cells treated together
constexpr Index reach = 2;  // of the stencil

/// What a tile of cells reads, split by the position in the cell: [..][x % S][1 + cell]. Zero outside the image.
struct CellTile {
  float color[3][S + 2 * reach][S][tile + 2];  // from `reach` rows above the cells to as many below
  float coefficient[12][S + reach][S][tile + 2];
  float diagonal[S][S][tile + 2];
};

/// Positions [begin, begin + S (tile + 2)) of a row, split.
FASTPHOTO_INLINE void split_row(const float* row, Index width, Index begin, float (*FASTPHOTO_RESTRICT to)[tile + 2]) {
  const bool inside = begin >= 0 && begin + S * (tile + 2) <= width;
  for (Index cell = 0; cell < tile + 2; ++cell) {
    for (Index j = 0; j < S; ++j) {
      const Index x = begin + S * cell + j;
      to[j][cell] = inside || (x >= 0 && x < width) ? row[x] : 0.0F;
    }
  }
}

constexpr Index floor_div(Index a) { return (a + 4 * S) / S - 4; }
constexpr Index remainder(Index a) { return a - S * floor_div(a); }
constexpr double right_weight(Index a) { return static_cast<double>(remainder(a)) / static_cast<double>(S); }

/// Nodes, counted from the one before the cell's left, that a pixel at position p of the cell and its neighbours touch.
constexpr Index first_node(Index p) { return 1 + floor_div(p - reach); }
constexpr Index last_node(Index p) { return 1 + floor_div(p + reach + S - 1); }

using Lanes = double[tile];

/// sums -= weight * c * (1, I)
FASTPHOTO_INLINE void subtract_colors(double weight, const float* FASTPHOTO_RESTRICT c,
                                      const float* FASTPHOTO_RESTRICT red, const float* FASTPHOTO_RESTRICT green,
                                      const float* FASTPHOTO_RESTRICT blue, Lanes* FASTPHOTO_RESTRICT sums) {
  for (Index i = 0; i < tile; ++i) {
    const double w = weight * static_cast<double>(c[i]);
    sums[0][i] -= w;
    sums[1][i] -= w * static_cast<double>(red[i]);
    sums[2][i] -= w * static_cast<double>(green[i]);
    sums[3][i] -= w * static_cast<double>(blue[i]);
  }
}

FASTPHOTO_INLINE void add_scaled(double weight, const Lanes& from, Lanes& to) {
  for (Index i = 0; i < tile; ++i) {
    to[i] += weight * from[i];
  }
}

FASTPHOTO_INLINE void add_product(double weight, const Lanes& a, const Lanes& b, double* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < tile; ++i) {
    to[i] += weight * a[i] * b[i];
  }
}

/// q[ly][lx] = sum over pixels j of A_ij phi_l(j) (1, I_j) for the pixels i at position (py, px) of the tile's cells.
FASTPHOTO_INLINE void apply_to_hats(const CellTile& cells, Index py, Index px, const Lanes* color, Lanes (*q)[4][4]) {
  Lanes own;
  for (Index i = 0; i < tile; ++i) {
    own[i] = static_cast<double>(cells.diagonal[py][px][1 + i]);
  }
  for (Index ly = first_node(py); ly <= last_node(py); ++ly) {
    for (Index lx = first_node(px); lx <= last_node(px); ++lx) {
      std::fill_n(&q[ly][lx][0][0], 4 * tile, 0.0);
    }
  }
  for (Index dy = -reach; dy <= reach; ++dy) {
    Lanes sums[4][4] = {};  // of one row of neighbours, by node
    for (Index dx = -reach; dx <= reach; ++dx) {
      if (dy == 0 && dx == 0) {
        continue;
      }
      const Index jy = py + reach + dy;
      const Index jx = remainder(px + dx);
      const Index cell = 1 + floor_div(px + dx);
      const bool positive = dy > 0 || (dy == 0 && dx > 0);
      const float* c = positive ? cells.coefficient[offset_index(dy, dx, 1)][py + reach][px] + 1
                                : cells.coefficient[offset_index(-dy, -dx, 1)][jy][jx] + cell;
      for (Index i = 0; i < tile; ++i) {
        own[i] += static_cast<double>(c[i]);
      }
      const float* red = cells.color[0][jy][jx] + cell;
      const float* green = cells.color[1][jy][jx] + cell;
      const float* blue = cells.color[2][jy][jx] + cell;
      const double right = right_weight(px + dx);
      subtract_colors(1.0 - right, c, red, green, blue, sums[cell]);
      if (right > 0.0) {
        subtract_colors(right, c, red, green, blue, sums[cell + 1]);
      }
    }
    const Index ly = 1 + floor_div(py + dy);
    const double below = right_weight(py + dy);
    for (Index lx = first_node(px); lx <= last_node(px); ++lx) {
      for (Index u = 0; u < 4; ++u) {
        add_scaled(1.0 - below, sums[lx][u], q[ly][lx][u]);
        if (below > 0.0) {
          add_scaled(below, sums[lx][u], q[ly + 1][lx][u]);
        }
      }
    }
  }
  for (Index ky = 0; ky < 2; ++ky) {
    for (Index kx = 0; kx < 2; ++kx) {
      const double weight =
          (ky == 0 ? 1.0 - right_weight(py) : right_weight(py)) * (kx == 0 ? 1.0 - right_weight(px) : right_weight(px));
      for (Index u = 0; weight > 0.0 && u < 4; ++u) {
        add_product(weight, own, color[u], q[1 + ky][1 + kx][u]);
      }
    }
  }
}

/// to[ky] points at the planes of the nodes at the cells' upper (0) and lower (1) left corners.
FASTPHOTO_MULTIVERSION void add_tile(const CellTile& cells, Index stride, double* const* to) {
  Lanes q[4][4][4];
  Lanes color[4];
  std::fill_n(color[0], tile, 1.0);
  for (Index py = 0; py < S; ++py) {
    for (Index px = 0; px < S; ++px) {
      for (Index c = 0; c < 3; ++c) {
        for (Index i = 0; i < tile; ++i) {
          color[1 + c][i] = static_cast<double>(cells.color[c][py + reach][px][1 + i]);
        }
      }
      apply_to_hats(cells, py, px, color, q);
      for (Index ky = 0; ky < 2; ++ky) {
        for (Index kx = 0; kx < 2; ++kx) {
          const double weight = (ky == 0 ? 1.0 - right_weight(py) : right_weight(py)) *
                                (kx == 0 ? 1.0 - right_weight(px) : right_weight(px));
          for (Index ly = 1 + ky; weight > 0.0 && ly <= last_node(py); ++ly) {
            for (Index lx = std::max(first_node(px), ly == 1 + ky ? 1 + kx : kx - 1); lx <= last_node(px); ++lx) {
              double* planes = to[ky] + kx + 16 * block_place(ly - 1 - ky, lx - 1 - kx) * stride;
              for (Index a = 0; a < 4; ++a) {
                for (Index b = 0; b < 4; ++b) {
                  add_product(weight, color[a], q[ly][lx][b], planes + (4 * a + b) * stride);
                }
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace

NodeBlocks::NodeBlocks(Index nodes)
    : stride_((nodes + tile - 1) / tile * tile + 1),
      samples_(static_cast<std::size_t>(16 * blocks_of_node * stride_)) {}

void NodeBlocks::clear() { std::fill(samples_.begin(), samples_.end(), 0.0); }

void add_cells(const ColorPlanes& colors, const Field<float>& coefficients, const PixelDiagonal& diagonal, Index row,
               NodeBlocks& above, NodeBlocks& below) {
  const Index height = colors.height;
  const Index width = colors.width;
  const Index top = S * row;
  const std::vector<float> zeros(static_cast<std::size_t>(width));
  std::vector<float> diagonal_row(static_cast<std::size_t>(width));
  CellTile cells;
  // The cell right of the last node holds that node's own pixel, if there is one.
  for (Index first = 0; first + 1 < above.stride(); first += tile) {
    const Index begin = S * (first - 1);
    for (Index y = 0; y < S + 2 * reach; ++y) {
      const Index at = top - reach + y;
      const bool inside = at >= 0 && at < height;
      for (Index c = 0; c < 3; ++c) {
        split_row(inside ? colors.row(c, at) : zeros.data(), width, begin, cells.color[c][y]);
      }
      for (Index o = 0; y < S + reach && o < 12; ++o) {
        split_row(inside ? coefficients.row(o, at) : zeros.data(), width, begin, cells.coefficient[o][y]);
      }
    }
    for (Index y = 0; y < S; ++y) {
      std::fill(diagonal_row.begin(), diagonal_row.end(), 0.0F);
      if (top + y < height) {
        diagonal.read(top + y, 0, width, diagonal_row.data());
      }
      split_row(diagonal_row.data(), width, begin, cells.diagonal[y]);
    }
    double* const to[2] = {above.plane(0) + first, below.plane(0) + first};
    add_tile(cells, above.stride(), to);
  }
}

}  // namespace fastphoto
