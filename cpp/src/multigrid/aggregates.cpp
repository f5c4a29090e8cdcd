// SPDX-License-Identifier: Apache-2.0
//
// Sums and spreads affine functions of colour over squares of pixels.
#include "multigrid/aggregates.h"

#include <algorithm>

#include "base/dispatch_channels.h"
#include "base/multiversion.h"
#include "base/pack.h"
#include "multigrid/affine_rows.h"

namespace fastphoto {

namespace {

constexpr Index S = aggregate_side;

/// The rows of pixels of a row of aggregates.
struct PixelBand {
  PlaneRows<const float> fine;
  PlaneRows<const float> colors;
  Index count;
};

/// Moments of each column of the rows, sums of fine (1, colour): plane 4-number major, as vectors of a level.
FASTPHOTO_MULTIVERSION void column_moments(const PixelBand& rows, Index width, Index channels,
                                           const Planes<float>& moments) {
  with_channel_count(channels, [&](auto count) FASTPHOTO_INLINE_LAMBDA {
    for (Index i = 0; i < width; i += pack_size) {
      Pack sums[4 * count] = {};
      for (Index y = 0; y < rows.count; ++y) {
        Pack color[3];
        unrolled<3>([&](auto c) FASTPHOTO_INLINE_LAMBDA { load(rows.colors.row(y)[c] + i, color[c]); });
        unrolled<count>([&](auto r) FASTPHOTO_INLINE_LAMBDA {
          Pack value;
          load(rows.fine.row(y)[r] + i, value);
          sums[r] += value;
          unrolled<3>([&](auto c) FASTPHOTO_INLINE_LAMBDA { sums[(1 + c) * count + r] += value * color[c]; });
        });
      }
      unrolled<4 * count>([&](auto plane) FASTPHOTO_INLINE_LAMBDA { store(sums[plane], moments[plane] + i); });
    }
  });
}

FASTPHOTO_MULTIVERSION void sum_triples(const float* from, Index nodes, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < nodes; ++i) {
    to[i] = from[S * i] + from[S * i + 1] + from[S * i + 2];
  }
}

FASTPHOTO_MULTIVERSION void repeat_thrice(const float* from, Index nodes, float* FASTPHOTO_RESTRICT to) {
  for (Index i = 0; i < nodes; ++i) {
    to[S * i] = from[i];
    to[S * i + 1] = from[i];
    to[S * i + 2] = from[i];
  }
}

/// out += b + a . colour on one row of pixels.
FASTPHOTO_MULTIVERSION void add_affine(Planes<const float> affine, Planes<const float> color, Index width,
                                       Index channels, Planes<float> out) {
  with_channel_count(channels, [&](auto count) FASTPHOTO_INLINE_LAMBDA {
    for (Index i = 0; i < width; i += pack_size) {
      Pack colors[3];
      unrolled<3>([&](auto c) FASTPHOTO_INLINE_LAMBDA { load(color[c] + i, colors[c]); });
      unrolled<count>([&](auto r) FASTPHOTO_INLINE_LAMBDA {
        Pack sum;
        Pack number;
        load(out[r] + i, sum);
        load(affine[r] + i, number);
        sum += number;
        unrolled<3>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
          load(affine[(1 + c) * count + r] + i, number);
          sum += number * colors[c];
        });
        store(sum, out[r] + i);
      });
    }
  });
}

/// Columns of pixels that the aggregates of a row cover; the last aggregate may reach beyond the image.
Grid covered(const CoarseLevel& level) { return {1, S * level.grid().width, 0}; }

}  // namespace

AggregateRestriction::AggregateRestriction(const CoarseLevel& level, const Field<float>& centred, Index channels)
    : level_(level),
      centred_(centred),
      channels_(channels),
      moments_(covered(level), 4 * channels),
      nodes_(Grid{1, level.grid().width, 0}, 4 * channels) {}

void AggregateRestriction::row(Index node_row, PlaneRows<const float> fine, FoldedRows<float>& coarse) {
  const Index first = S * node_row;
  const Index rows = std::min(S, centred_.grid().height - first);
  column_moments({fine, centred_.rows(first), rows}, centred_.grid().width, channels_, moments_.planes(0));
  const Index nodes = level_.grid().width;
  for (Index plane = 0; plane < 4 * channels_; ++plane) {
    sum_triples(moments_.row(plane, 0), nodes, nodes_.row(plane, 0));
  }
  multiply_transposed_basis(level_.basis().planes(node_row, CoarseLevel::to_plane), nodes, channels_, nodes_.planes(0),
                            nodes_.planes(0));
  fold_row(nodes_, 0, coarse, node_row);
}

AggregateProlongation::AggregateProlongation(const CoarseLevel& level, const Field<float>& centred, Index channels)
    : level_(level),
      centred_(centred),
      channels_(channels),
      nodes_(Grid{1, level.grid().width, 0}, 4 * channels),
      affine_(covered(level), 4 * channels) {}

void AggregateProlongation::expand(Index node_row, const FoldedRows<float>& coarse) {
  const Index nodes = level_.grid().width;
  unfold_row(coarse, node_row, nodes_, 0);
  multiply_basis(level_.basis().planes(node_row, CoarseLevel::to_plane), nodes, channels_, nodes_.planes(0),
                 nodes_.planes(0));
  for (Index plane = 0; plane < 4 * channels_; ++plane) {
    float* const row = affine_.row(plane, 0);
    repeat_thrice(nodes_.row(plane, 0), nodes, row);
    std::fill(row + centred_.grid().width, row + S * nodes, 0.0F);  // the last aggregate may reach beyond the image
  }
  loaded_ = node_row;
}

void AggregateProlongation::add(Index row, const FoldedRows<float>& coarse, Planes<float> out) {
  if (row / S != loaded_) {
    expand(row / S, coarse);
  }
  add_affine(affine_.planes(0), centred_.planes(row), centred_.grid().width, channels_, out);
}

}  // namespace fastphoto
