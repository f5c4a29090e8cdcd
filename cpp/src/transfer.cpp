// SPDX-License-Identifier: Apache-2.0
#include "transfer.h"

#include <algorithm>
#include <cstring>

#include "multiversion.h"

namespace fastphoto {

namespace {

constexpr Index tile = 64;  // nodes of one row treated together

/// (b, a) = to_affine u for one node row and right side, in place. Works on `count` nodes.
FASTPHOTO_MULTIVERSION void to_affine_row(const float* matrix, Index matrix_plane, Index count, Index plane, float* u) {
  for (Index i = 0; i < count; ++i) {
    const float u0 = u[i];
    const float u1 = u[plane + i];
    const float u2 = u[2 * plane + i];
    const float u3 = u[3 * plane + i];
    const float* m = matrix + i;
    u[i] = m[0] * u0 + m[matrix_plane] * u1 + m[2 * matrix_plane] * u2 + m[3 * matrix_plane] * u3;
    u[plane + i] = m[4 * matrix_plane] * u1 + m[5 * matrix_plane] * u2 + m[6 * matrix_plane] * u3;
    u[2 * plane + i] = m[7 * matrix_plane] * u1 + m[8 * matrix_plane] * u2 + m[9 * matrix_plane] * u3;
    u[3 * plane + i] = m[10 * matrix_plane] * u1 + m[11 * matrix_plane] * u2 + m[12 * matrix_plane] * u3;
  }
}

/// u = matrix^T (b, a), in place.
FASTPHOTO_MULTIVERSION void transposed_row(const float* matrix, Index matrix_plane, Index count, Index plane,
                                           float* u) {
  for (Index i = 0; i < count; ++i) {
    const float b = u[i];
    const float a0 = u[plane + i];
    const float a1 = u[2 * plane + i];
    const float a2 = u[3 * plane + i];
    const float* m = matrix + i;
    u[i] = m[0] * b;
    u[plane + i] =
        m[matrix_plane] * b + m[4 * matrix_plane] * a0 + m[7 * matrix_plane] * a1 + m[10 * matrix_plane] * a2;
    u[2 * plane + i] =
        m[2 * matrix_plane] * b + m[5 * matrix_plane] * a0 + m[8 * matrix_plane] * a1 + m[11 * matrix_plane] * a2;
    u[3 * plane + i] =
        m[3 * matrix_plane] * b + m[6 * matrix_plane] * a0 + m[9 * matrix_plane] * a1 + m[12 * matrix_plane] * a2;
  }
}

/// Runs body(row, r) for every node row and right side.
template <class Body>
void for_each_node_row(Workers& workers, Index rows, Index channels, Body body) {
  workers.run(rows, node_rows_per_chunk, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      for (Index r = 0; r < channels; ++r) {
        body(row, r);
      }
    }
  });
}

/// H planes of every H-th sample each; samples beyond `count` read as zero.
template <Index H>
FASTPHOTO_INLINE void deinterleave(const float* from, Index count, Index nodes,
                                   float (*FASTPHOTO_RESTRICT to)[tile + 2]) {
  const Index whole = std::min(nodes, count / H);
  for (Index i = 0; i < whole; ++i) {
    for (Index j = 0; j < H; ++j) {
      to[j][i] = from[H * i + j];
    }
  }
  for (Index i = whole; i < nodes; ++i) {
    for (Index j = 0; j < H; ++j) {
      to[j][i] = H * i + j < count ? from[H * i + j] : 0.0F;
    }
  }
}

/// What one pixel row needs of the two node rows around it, at the tile's nodes and the one to their right.
struct NodeRow {
  float mean[3][tile + 2];
  float offset[tile + 2];
  float slope[3][tile + 2];
  float bend[tile + 2];  // (slope_X - slope_{X+1}) . (mean_{X+1} - mean_X)
};

/// fine[x] += interpolated affine functions of one right side on one tile of a pixel row.
template <Index H>
FASTPHOTO_INLINE void prolong_tile(const float* means, Index means_plane, const float* coarse, Index plane,
                                   Index stride, float ty, const float (*color)[H][tile + 2], Index nodes, Index pixels,
                                   NodeRow& row, float* FASTPHOTO_RESTRICT fine) {
  const float sy = 1.0F - ty;
  for (Index i = 0; i <= nodes; ++i) {
    float bent = 0.0F;
    for (Index c = 0; c < 3; ++c) {
      const float m0 = means[c * means_plane + i];
      const float m1 = means[c * means_plane + stride + i];
      const float a0 = coarse[(1 + c) * plane + i];
      const float a1 = coarse[(1 + c) * plane + stride + i];
      row.mean[c][i] = sy * m0 + ty * m1;
      row.slope[c][i] = sy * a0 + ty * a1;
      bent += (a0 - a1) * (m1 - m0);
    }
    row.offset[i] = sy * coarse[i] + ty * coarse[stride + i] + sy * ty * bent;
  }
  for (Index i = 0; i < nodes; ++i) {
    row.bend[i] = (row.slope[0][i] - row.slope[0][i + 1]) * (row.mean[0][i + 1] - row.mean[0][i]) +
                  (row.slope[1][i] - row.slope[1][i + 1]) * (row.mean[1][i + 1] - row.mean[1][i]) +
                  (row.slope[2][i] - row.slope[2][i + 1]) * (row.mean[2][i + 1] - row.mean[2][i]);
  }
  float sums[H][tile];
  for (Index j = 0; j < H; ++j) {
    const float tx = static_cast<float>(j) / static_cast<float>(H);
    const float sx = 1.0F - tx;
    for (Index i = 0; i < nodes; ++i) {
      float sum = sx * row.offset[i] + tx * row.offset[i + 1] + sx * tx * row.bend[i];
      for (Index c = 0; c < 3; ++c) {
        sum += (sx * row.slope[c][i] + tx * row.slope[c][i + 1]) *
               (color[c][j][i] - (sx * row.mean[c][i] + tx * row.mean[c][i + 1]));
      }
      sums[j][i] = sum;
    }
  }
  const Index whole = std::min(nodes, pixels / H);
  for (Index i = 0; i < whole; ++i) {
    for (Index j = 0; j < H; ++j) {
      fine[H * i + j] += sums[j][i];
    }
  }
  for (Index x = H * whole; x < pixels; ++x) {
    fine[x] += sums[x % H][x / H];
  }
}

struct PixelRow {
  const float* color;  // first channel
  Index color_plane;
  Index count;
};

template <Index H>
FASTPHOTO_INLINE void prolong_row_of(const PixelRow& pixels, const float* means, Index means_plane, const float* coarse,
                                     Index plane, Index channels, Index stride, float ty, Index nodes, float* fine,
                                     Index fine_plane) {
  NodeRow row;
  float color[3][H][tile + 2];
  for (Index first = 0; first < nodes; first += tile) {
    const Index count = std::min(tile, nodes - first);
    const Index left = std::min(count * H, pixels.count - first * H);
    for (Index c = 0; c < 3; ++c) {
      deinterleave<H>(pixels.color + c * pixels.color_plane + first * H, left, count, color[c]);
    }
    for (Index r = 0; r < channels; ++r) {
      prolong_tile<H>(means + first, means_plane, coarse + r * plane + first, channels * plane, stride, ty, color,
                      count, left, row, fine + r * fine_plane + first * H);
    }
  }
}

FASTPHOTO_MULTIVERSION void prolong_row_3(const PixelRow& pixels, const float* means, Index means_plane,
                                          const float* coarse, Index plane, Index channels, Index stride, float ty,
                                          Index nodes, float* fine, Index fine_plane) {
  prolong_row_of<3>(pixels, means, means_plane, coarse, plane, channels, stride, ty, nodes, fine, fine_plane);
}

FASTPHOTO_MULTIVERSION void prolong_row_4(const PixelRow& pixels, const float* means, Index means_plane,
                                          const float* coarse, Index plane, Index channels, Index stride, float ty,
                                          Index nodes, float* fine, Index fine_plane) {
  prolong_row_of<4>(pixels, means, means_plane, coarse, plane, channels, stride, ty, nodes, fine, fine_plane);
}

/// values, moments (three planes) += weight * fine (1, I - reference) for one pixel row.
FASTPHOTO_MULTIVERSION void gather_row(const float* fine, const float* color, Index color_plane, const float* reference,
                                       Index padded, float weight, Index count, float* FASTPHOTO_RESTRICT moments) {
  const float* c1 = color + color_plane;
  const float* c2 = color + 2 * color_plane;
  float* FASTPHOTO_RESTRICT m1 = moments + padded;
  float* FASTPHOTO_RESTRICT m2 = moments + 2 * padded;
  float* FASTPHOTO_RESTRICT m3 = moments + 3 * padded;
  for (Index i = 0; i < count; ++i) {
    const float value = weight * fine[i];
    moments[i] += value;
    m1[i] += value * (color[i] - reference[i]);
    m2[i] += value * (c1[i] - reference[padded + i]);
    m3[i] += value * (c2[i] - reference[2 * padded + i]);
  }
}

/// The means of one node row, interpolated at the pixels.
template <Index H>
FASTPHOTO_INLINE void reference_row(const float* means, Index nodes, float* FASTPHOTO_RESTRICT reference) {
  for (Index i = 0; i < nodes; ++i) {
    for (Index j = 0; j < H; ++j) {
      const float tx = static_cast<float>(j) / static_cast<float>(H);
      reference[H * i + j] = means[i] + tx * (means[i + 1] - means[i]);
    }
  }
}

/// One plane of moments, summed over the hats along the row. to[i] = sum of weight * from; where `shift` is given,
/// shift[0] and shift[1] get the sums of weight * distance over the pixels right and left of the node.
template <Index H>
FASTPHOTO_INLINE void sum_hats(const float* from, Index nodes, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < nodes; ++i) {
    float sum = 0.0F;
    for (Index j = -(H - 1); j < H; ++j) {
      sum += (1.0F - static_cast<float>(j < 0 ? -j : j) / static_cast<float>(H)) * from[H * i + j];
    }
    to[i] = sum;
  }
}

template <Index H>
FASTPHOTO_INLINE void sum_bends(const float* from, Index nodes, float* FASTPHOTO_RESTRICT right,
                                float* FASTPHOTO_RESTRICT left) {
  for (Index i = 0; i < nodes; ++i) {
    float sum_right = 0.0F;
    float sum_left = 0.0F;
    for (Index j = 1; j < H; ++j) {
      const float t = static_cast<float>(j) / static_cast<float>(H);
      sum_right += t * (1.0F - t) * from[H * i + j];
      sum_left += t * (1.0F - t) * from[H * i - j];
    }
    right[i] = sum_right;
    left[i] = sum_left;
  }
}

/// Moments of a row of pixels, weighted down the columns, become those of the nodes.
template <Index H>
FASTPHOTO_INLINE void gather_nodes_of(const float* moments, Index padded, const float* means, Index means_plane,
                                      Index nodes, float* coarse, Index plane, float* scratch) {
  float* right = scratch;
  float* left = scratch + nodes;
  sum_hats<H>(moments, nodes, coarse);
  sum_bends<H>(moments, nodes, right, left);
  for (Index c = 0; c < 3; ++c) {
    float* FASTPHOTO_RESTRICT to = coarse + (1 + c) * plane;
    const float* mean = means + c * means_plane;
    sum_hats<H>(moments + (1 + c) * padded, nodes, to);
    for (Index i = 0; i < nodes; ++i) {
      // Left of the first node and right of the last there are no pixels, so the sums are zero there.
      to[i] += (mean[i + 1] - mean[i]) * right[i] + (mean[i - 1] - mean[i]) * left[i];
    }
  }
}

FASTPHOTO_MULTIVERSION void reference_row_3(const float* means, Index nodes, float* reference) {
  reference_row<3>(means, nodes, reference);
}
FASTPHOTO_MULTIVERSION void reference_row_4(const float* means, Index nodes, float* reference) {
  reference_row<4>(means, nodes, reference);
}
FASTPHOTO_MULTIVERSION void gather_nodes_3(const float* moments, Index padded, const float* means, Index means_plane,
                                           Index nodes, float* coarse, Index plane, float* scratch) {
  gather_nodes_of<3>(moments, padded, means, means_plane, nodes, coarse, plane, scratch);
}
FASTPHOTO_MULTIVERSION void gather_nodes_4(const float* moments, Index padded, const float* means, Index means_plane,
                                           Index nodes, float* coarse, Index plane, float* scratch) {
  gather_nodes_of<4>(moments, padded, means, means_plane, nodes, coarse, plane, scratch);
}

}  // namespace

void restrict_pixels(Workers& workers, const ColorPlanes& colors, const CoarseLevel& level, const Field<float>& fine,
                     Field<float>& coarse) {
  const HatAxis& rows = level.rows();
  const Index spacing = rows.spacing;
  const Index channels = fine.channels();
  const Index width = fine.grid().width;
  const Index nodes = level.grid().width;
  const Field<float>& basis = level.basis();
  const auto reference_of = spacing == 3 ? reference_row_3 : reference_row_4;
  const auto gather_nodes = spacing == 3 ? gather_nodes_3 : gather_nodes_4;
  workers.run(rows.nodes, node_rows_per_chunk, [&](Index begin, Index end) {
    const Index padded = spacing * (nodes + 2);  // one node's reach of zeros on either side
    std::vector<float> reference(static_cast<std::size_t>(3 * padded));
    std::vector<float> moments(static_cast<std::size_t>(4 * padded));
    std::vector<float> scratch(static_cast<std::size_t>(2 * nodes));
    for (Index k = begin; k < end; ++k) {
      for (Index c = 0; c < 3; ++c) {
        reference_of(basis.row(CoarseLevel::mean_plane + c, k), nodes, reference.data() + c * padded);
      }
      for (Index r = 0; r < channels; ++r) {
        std::fill(moments.begin(), moments.end(), 0.0F);
        for (Index y = rows.support_begin(k); y < rows.support_end(k); ++y) {
          gather_row(fine.row(r, y), colors.row(0, y), colors.plane(), reference.data(), padded,
                     static_cast<float>(rows.weight(k, y)), width, moments.data() + spacing);
        }
        gather_nodes(moments.data() + spacing, padded, basis.row(CoarseLevel::mean_plane, k), basis.plane(), nodes,
                     coarse.row(r, k), channels * coarse.plane(), scratch.data());
        transposed_row(basis.row(CoarseLevel::to_plane, k), basis.plane(), nodes, channels * coarse.plane(),
                       coarse.row(r, k));
      }
    }
  });
}

void add_prolonged_pixels(Workers& workers, const ColorPlanes& colors, const CoarseLevel& level, Field<float>& coarse,
                          Field<float>& fine) {
  const HatAxis& rows = level.rows();
  const Index channels = fine.channels();
  const Field<float>& basis = level.basis();
  for_each_node_row(workers, rows.nodes, channels, [&](Index row, Index r) {
    to_affine_row(basis.row(CoarseLevel::to_plane, row), basis.plane(), level.grid().width, channels * coarse.plane(),
                  coarse.row(r, row));
  });
  const auto prolong_row = rows.spacing == 3 ? prolong_row_3 : prolong_row_4;
  workers.run(rows.size, rows_per_chunk, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y) {
      const Index k = rows.left(y);
      prolong_row({colors.row(0, y), colors.plane(), fine.grid().width}, basis.row(CoarseLevel::mean_plane, k),
                  basis.plane(), coarse.row(0, k), coarse.plane(), channels, level.grid().stride(),
                  static_cast<float>(rows.right_weight(y)), level.grid().width, fine.row(0, y), fine.plane());
    }
  });
}

namespace {

/// Weight and node of up to two parents along one axis.
struct Parents {
  Index first;
  float weight[2];
};

Parents parents(const HatAxis& axis, Index node) {
  const auto right = static_cast<float>(axis.right_weight(node));
  return {axis.left(node), {1.0F - right, right}};
}

/// out += weight * (b + a . (child - parent), a) for each right side; `step` leads from one unknown to the next.
FASTPHOTO_INLINE void add_shifted(const float* from, Index step, Index plane, Index channels, float weight,
                                  const float* shift, float* out) {
  for (Index r = 0; r < channels; ++r) {
    const float* b = from + r * plane;
    out[4 * r] += weight * (b[0] + shift[0] * b[step] + shift[1] * b[2 * step] + shift[2] * b[3 * step]);
    out[4 * r + 1] += weight * b[step];
    out[4 * r + 2] += weight * b[2 * step];
    out[4 * r + 3] += weight * b[3 * step];
  }
}

}  // namespace

void restrict_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                    const Field<float>& fine, Field<float>& coarse) {
  const HatAxis& rows = coarse_level.rows();
  const HatAxis& columns = coarse_level.columns();
  const Index channels = fine.channels() / 4;
  const Field<float>& means = coarse_level.basis();
  const Field<float>& from = fine_level.basis();
  workers.run(rows.nodes, node_rows_per_chunk, [&](Index begin, Index end) {
    const Index width = columns.size;
    std::vector<float> values(static_cast<std::size_t>(4 * width));  // from_affine^T of one fine row
    for (Index ky = begin; ky < end; ++ky) {
      for (Index r = 0; r < channels; ++r) {
        for (Index u = 0; u < 4; ++u) {
          std::fill_n(coarse.row(u * channels + r, ky), columns.nodes, 0.0F);
        }
        for (Index y = rows.support_begin(ky); y < rows.support_end(ky); ++y) {
          const auto wy = static_cast<float>(rows.weight(ky, y));
          for (Index u = 0; u < 4; ++u) {
            std::copy_n(fine.row(u * channels + r, y), width, values.data() + u * width);
          }
          transposed_row(from.row(CoarseLevel::from_plane, y), from.plane(), width, width, values.data());
          for (Index kx = 0; kx < columns.nodes; ++kx) {
            float sums[4] = {};
            for (Index x = columns.support_begin(kx); x < columns.support_end(kx); ++x) {
              const float w = wy * static_cast<float>(columns.weight(kx, x));
              const float b = w * values[static_cast<std::size_t>(x)];
              sums[0] += b;
              for (Index c = 0; c < 3; ++c) {
                sums[1 + c] +=
                    w * values[static_cast<std::size_t>((1 + c) * width + x)] +
                    b * (from.row(CoarseLevel::mean_plane + c, y)[x] - means.row(CoarseLevel::mean_plane + c, ky)[kx]);
              }
            }
            for (Index u = 0; u < 4; ++u) {
              coarse.row(u * channels + r, ky)[kx] += sums[u];
            }
          }
        }
        transposed_row(means.row(CoarseLevel::to_plane, ky), means.plane(), columns.nodes, channels * coarse.plane(),
                       coarse.row(r, ky));
      }
    }
  });
}

void add_prolonged_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                         const Field<float>& coarse, Field<float>& fine) {
  const HatAxis& rows = coarse_level.rows();
  const HatAxis& columns = coarse_level.columns();
  const Index channels = fine.channels() / 4;
  const Field<float>& means = coarse_level.basis();
  const Field<float>& from = fine_level.basis();
  workers.run(rows.size, node_rows_per_chunk, [&](Index begin, Index end) {
    const Index nodes = columns.nodes;
    std::vector<float> affine(static_cast<std::size_t>(8 * channels * nodes));
    Index loaded = -1;  // the upper of the two coarse rows in `affine`
    for (Index y = begin; y < end; ++y) {
      const Parents py = parents(rows, y);
      if (py.first != loaded) {
        loaded = py.first;
        for (Index ky = 0; ky < 2; ++ky) {
          for (Index r = 0; r < channels; ++r) {
            float* to = affine.data() + (ky * channels + r) * 4 * nodes;
            for (Index u = 0; u < 4; ++u) {
              std::copy_n(coarse.row(u * channels + r, py.first + ky), nodes, to + u * nodes);
            }
            to_affine_row(means.row(CoarseLevel::to_plane, py.first + ky), means.plane(), nodes, nodes, to);
          }
        }
      }
      for (Index x = 0; x < columns.size; ++x) {
        const Parents px = parents(columns, x);
        float values[4 * most_channels] = {};
        for (Index ky = 0; ky < 2; ++ky) {
          for (Index kx = 0; kx < 2; ++kx) {
            const float weight = py.weight[ky] * px.weight[kx];
            if (weight == 0.0F) {
              continue;
            }
            float shift[3];
            for (Index c = 0; c < 3; ++c) {
              shift[c] = from.row(CoarseLevel::mean_plane + c, y)[x] -
                         means.row(CoarseLevel::mean_plane + c, py.first + ky)[px.first + kx];
            }
            add_shifted(affine.data() + ky * channels * 4 * nodes + px.first + kx, nodes, 4 * nodes, channels, weight,
                        shift, values);
          }
        }
        const float* m = from.row(CoarseLevel::from_plane, y) + x;
        const Index p = from.plane();
        for (Index r = 0; r < channels; ++r) {
          const float* v = values + 4 * r;
          fine.row(r, y)[x] += m[0] * v[0] + m[p] * v[1] + m[2 * p] * v[2] + m[3 * p] * v[3];
          for (Index i = 0; i < 3; ++i) {
            fine.row((1 + i) * channels + r, y)[x] +=
                m[(4 + 3 * i) * p] * v[1] + m[(5 + 3 * i) * p] * v[2] + m[(6 + 3 * i) * p] * v[3];
          }
        }
      }
    }
  });
}

}  // namespace fastphoto
