// SPDX-License-Identifier: Apache-2.0
#include "level_transfer.h"

#include <algorithm>

#include "affine_rows.h"
#include "multiversion.h"

namespace fastphoto {

namespace {

// Rows here have seven planes: b, the three of a, and the three of the mean.
constexpr Index value_planes = 4;
constexpr Index planes = 7;

/// A row split into its even and odd positions. odd(p) starts with the position before the first, which is zero.
class SplitRow {
 public:
  explicit SplitRow(Index nodes) : even_(Grid{1, nodes, 0}, planes), odd_(Grid{1, nodes + 1, 0}, planes) {}

  float* even(Index plane) { return even_.row(plane, 0); }
  float* odd(Index plane) { return odd_.row(plane, 0) + 1; }
  const float* even(Index plane) const { return even_.row(plane, 0); }
  const float* odd(Index plane) const { return odd_.row(plane, 0) + 1; }

 private:
  Field<float> even_;
  Field<float> odd_;
};

FASTPHOTO_MULTIVERSION void split(const float* from, Index count, float* FASTPHOTO_RESTRICT even,
                                  float* FASTPHOTO_RESTRICT odd) {
  for (Index i = 0; i < count / 2; ++i) {
    even[i] = from[2 * i];
    odd[i] = from[2 * i + 1];
  }
  if (count % 2 != 0) {
    even[count / 2] = from[count - 1];
  }
}

FASTPHOTO_MULTIVERSION void join(const float* even, const float* odd, Index count, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < count / 2; ++i) {
    to[2 * i] = even[i];
    to[2 * i + 1] = odd[i];
  }
  if (count % 2 != 0) {
    to[count - 1] = even[count / 2];
  }
}

struct Rows {
  const float* plane[planes];
};

Rows even_rows(const SplitRow& row) {
  Rows rows;
  for (Index p = 0; p < planes; ++p) {
    rows.plane[p] = row.even(p);
  }
  return rows;
}

Rows odd_rows(const SplitRow& row, Index shift) {
  Rows rows;
  for (Index p = 0; p < planes; ++p) {
    rows.plane[p] = row.odd(p) + shift;
  }
  return rows;
}

/// (b, a) += weight (b, a + b (mean - own mean)) of `from`.
FASTPHOTO_MULTIVERSION void gather(float weight, const Rows& from, const float* means, Index means_step, Index count,
                                   float* to, Index to_step) {
  FASTPHOTO_INDEPENDENT
  for (Index i = 0; i < count; ++i) {
    const float b = weight * from.plane[0][i];
    to[i] += b;
    to[to_step + i] += weight * from.plane[1][i] + b * (from.plane[4][i] - means[i]);
    to[2 * to_step + i] += weight * from.plane[2][i] + b * (from.plane[5][i] - means[means_step + i]);
    to[3 * to_step + i] += weight * from.plane[3][i] + b * (from.plane[6][i] - means[2 * means_step + i]);
  }
}

/// to += weight (b + a . (mean - mean of from), a) of `from`, with the means of the nodes `to`.
FASTPHOTO_MULTIVERSION void spread(float weight, const float* from, Index from_step, const float* means,
                                   Index means_step, const float* const* to_means, Index count, float* const* to) {
  float* FASTPHOTO_RESTRICT b = to[0];
  float* FASTPHOTO_RESTRICT a0 = to[1];
  float* FASTPHOTO_RESTRICT a1 = to[2];
  float* FASTPHOTO_RESTRICT a2 = to[3];
  const float* m0 = to_means[0];
  const float* m1 = to_means[1];
  const float* m2 = to_means[2];
  FASTPHOTO_INDEPENDENT
  for (Index i = 0; i < count; ++i) {
    const float s0 = weight * from[from_step + i];
    const float s1 = weight * from[2 * from_step + i];
    const float s2 = weight * from[3 * from_step + i];
    b[i] += weight * from[i] + s0 * (m0[i] - means[i]) + s1 * (m1[i] - means[means_step + i]) +
            s2 * (m2[i] - means[2 * means_step + i]);
    a0[i] += s0;
    a1[i] += s1;
    a2[i] += s2;
  }
}

const float* means_of(const CoarseLevel& level, Index row) { return level.basis().row(CoarseLevel::mean_plane, row); }

}  // namespace

void restrict_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                    const Field<float>& fine, Field<float>& coarse) {
  const Index channels = fine.channels() / value_planes;
  const Grid& grid = fine_level.grid();
  const Index nodes = coarse_level.grid().width;
  const Field<float>& from = fine_level.basis();
  const Field<float>& basis = coarse_level.basis();
  const Index coarse_step = channels * coarse.channel_step();
  workers.run(coarse_level.grid().height, node_rows_per_chunk, [&](Index begin, Index end) {
    SplitRow row(nodes);
    Field<float> values(Grid{1, grid.width, 0}, value_planes);
    for (Index ky = begin; ky < end; ++ky) {
      for (Index plane = 0; plane < coarse.channels(); ++plane) {
        std::fill_n(coarse.row(plane, ky), nodes, 0.0F);
      }
      for (Index y = std::max<Index>(0, 2 * ky - 1); y < std::min(grid.height, 2 * ky + 2); ++y) {
        const float weight = y == 2 * ky ? 1.0F : 0.5F;
        for (Index c = 0; c < 3; ++c) {
          split(from.row(CoarseLevel::mean_plane + c, y), grid.width, row.even(value_planes + c),
                row.odd(value_planes + c));
        }
        for (Index r = 0; r < channels; ++r) {
          for (Index u = 0; u < value_planes; ++u) {
            std::copy_n(fine.row(u * channels + r, y), grid.width, values.row(u, 0));
          }
          multiply_transposed_basis(from.row(CoarseLevel::from_plane, y), from.channel_step(), grid.width,
                                    values.channel_step(), values.row(0, 0));
          for (Index u = 0; u < value_planes; ++u) {
            split(values.row(u, 0), grid.width, row.even(u), row.odd(u));
          }
          float* to = coarse.row(r, ky);
          gather(weight, even_rows(row), means_of(coarse_level, ky), basis.channel_step(), nodes, to, coarse_step);
          gather(0.5F * weight, odd_rows(row, 0), means_of(coarse_level, ky), basis.channel_step(), nodes, to,
                 coarse_step);
          gather(0.5F * weight, odd_rows(row, -1), means_of(coarse_level, ky), basis.channel_step(), nodes, to,
                 coarse_step);
        }
      }
      for (Index r = 0; r < channels; ++r) {
        multiply_transposed_basis(basis.row(CoarseLevel::to_plane, ky), basis.channel_step(), nodes, coarse_step,
                                  coarse.row(r, ky));
      }
    }
  });
}

void prolong_level(Workers& workers, const CoarseLevel& fine_level, const CoarseLevel& coarse_level,
                   const Field<float>& coarse, Field<float>& fine) {
  const Index channels = fine.channels() / value_planes;
  const Grid& grid = fine_level.grid();
  const Index nodes = coarse_level.grid().width;
  const Field<float>& from = fine_level.basis();
  const Field<float>& basis = coarse_level.basis();
  const Index odd_count = grid.width / 2;
  const Index even_count = grid.width - odd_count;
  workers.run(grid.height, node_rows_per_chunk, [&](Index begin, Index end) {
    SplitRow row(nodes);
    Field<float> affine(Grid{1, nodes, 0}, value_planes);
    Field<float> values(Grid{1, grid.width, 0}, value_planes);
    for (Index y = begin; y < end; ++y) {
      for (Index c = 0; c < 3; ++c) {
        split(from.row(CoarseLevel::mean_plane + c, y), grid.width, row.even(value_planes + c),
              row.odd(value_planes + c));
      }
      const float* even_means[3] = {row.even(4), row.even(5), row.even(6)};
      const float* odd_means[3] = {row.odd(4), row.odd(5), row.odd(6)};
      float* const even[4] = {row.even(0), row.even(1), row.even(2), row.even(3)};
      float* const odd[4] = {row.odd(0), row.odd(1), row.odd(2), row.odd(3)};
      for (Index r = 0; r < channels; ++r) {
        for (Index u = 0; u < value_planes; ++u) {
          std::fill_n(even[u], nodes, 0.0F);
          std::fill_n(odd[u], nodes, 0.0F);
        }
        const Index parents = 1 + y % 2;
        for (Index ky = y / 2; ky < y / 2 + parents; ++ky) {
          const float weight = 1.0F / static_cast<float>(parents);
          for (Index u = 0; u < value_planes; ++u) {
            std::copy_n(coarse.row(u * channels + r, ky), nodes, affine.row(u, 0));
          }
          multiply_basis(basis.row(CoarseLevel::to_plane, ky), basis.channel_step(), nodes, affine.channel_step(),
                         affine.row(0, 0));
          const Index step = affine.channel_step();
          spread(weight, affine.row(0, 0), step, means_of(coarse_level, ky), basis.channel_step(), even_means,
                 even_count, even);
          spread(0.5F * weight, affine.row(0, 0), step, means_of(coarse_level, ky), basis.channel_step(), odd_means,
                 odd_count, odd);
          spread(0.5F * weight, affine.row(0, 0) + 1, step, means_of(coarse_level, ky) + 1, basis.channel_step(),
                 odd_means, odd_count, odd);
        }
        for (Index u = 0; u < value_planes; ++u) {
          join(even[u], odd[u], grid.width, values.row(u, 0));
        }
        multiply_basis(from.row(CoarseLevel::from_plane, y), from.channel_step(), grid.width, values.channel_step(),
                       values.row(0, 0));
        for (Index u = 0; u < value_planes; ++u) {
          std::copy_n(values.row(u, 0), grid.width, fine.row(u * channels + r, y));
        }
      }
    }
  });
}

}  // namespace fastphoto
