// SPDX-License-Identifier: Apache-2.0
#include "multigrid/aggregates.h"

#include <algorithm>

#include "base/dispatch_channels.h"
#include "base/multiversion.h"
#include "base/pack.h"
#include "multigrid/affine_rows.h"

namespace fastphoto {

namespace {

constexpr Index S = aggregate_side;

/// Pointers to the first of some rows of pixels, and steps from there.
struct PixelBand {
  const float* fine;
  Index row_step;
  Index channel_step;
  const float* color;
  Index color_row_step;
  Index color_step;
  Index count;
};

/// Moments of each column of the rows, sums of fine (1, colour): plane 4-number major, as vectors of a level.
FASTPHOTO_MULTIVERSION void column_moments(const PixelBand& rows, Index width, Index channels, Index moment_step,
                                           float* moments) {
  with_channel_count(channels, [&](auto count) FASTPHOTO_INLINE_LAMBDA {
    for (Index i = 0; i < width; i += pack_size) {
      Pack sums[4 * count] = {};
      for (Index y = 0; y < rows.count; ++y) {
        Pack color[3];
        unrolled<3>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
          load(rows.color + y * rows.color_row_step + c * rows.color_step + i, color[c]);
        });
        unrolled<count>([&](auto r) FASTPHOTO_INLINE_LAMBDA {
          Pack value;
          load(rows.fine + y * rows.row_step + r * rows.channel_step + i, value);
          sums[r] += value;
          unrolled<3>([&](auto c) FASTPHOTO_INLINE_LAMBDA { sums[(1 + c) * count + r] += value * color[c]; });
        });
      }
      unrolled<4 * count>([&](auto plane)
                              FASTPHOTO_INLINE_LAMBDA { store(sums[plane], moments + plane * moment_step + i); });
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
FASTPHOTO_MULTIVERSION void add_affine(const float* affine, Index affine_step, const float* color, Index color_step,
                                       Index width, Index channels, float* out, Index channel_step) {
  with_channel_count(channels, [&](auto count) FASTPHOTO_INLINE_LAMBDA {
    for (Index i = 0; i < width; i += pack_size) {
      Pack colors[3];
      unrolled<3>([&](auto c) FASTPHOTO_INLINE_LAMBDA { load(color + c * color_step + i, colors[c]); });
      unrolled<count>([&](auto r) FASTPHOTO_INLINE_LAMBDA {
        Pack sum;
        Pack number;
        load(out + r * channel_step + i, sum);
        load(affine + r * affine_step + i, number);
        sum += number;
        unrolled<3>([&](auto c) FASTPHOTO_INLINE_LAMBDA {
          load(affine + ((1 + c) * count + r) * affine_step + i, number);
          sum += number * colors[c];
        });
        store(sum, out + r * channel_step + i);
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

void AggregateRestriction::row(Index node_row, const float* fine, Index row_step, Index channel_step,
                               FoldedRows<float>& coarse) {
  const Index first = S * node_row;
  const Index rows = std::min(S, centred_.grid().height - first);
  column_moments(
      {fine, row_step, channel_step, centred_.row(0, first), centred_.row_step(), centred_.channel_step(), rows},
      centred_.grid().width, channels_, moments_.channel_step(), moments_.row(0, 0));
  const Index nodes = level_.grid().width;
  for (Index plane = 0; plane < 4 * channels_; ++plane) {
    sum_triples(moments_.row(plane, 0), nodes, nodes_.row(plane, 0));
  }
  multiply_transposed_basis({level_.basis().row(CoarseLevel::to_plane, node_row), level_.basis().channel_step()}, nodes,
                            channels_, {nodes_.row(0, 0), nodes_.channel_step()},
                            {nodes_.row(0, 0), nodes_.channel_step()});
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
  multiply_basis({level_.basis().row(CoarseLevel::to_plane, node_row), level_.basis().channel_step()}, nodes, channels_,
                 {nodes_.row(0, 0), nodes_.channel_step()}, {nodes_.row(0, 0), nodes_.channel_step()});
  for (Index plane = 0; plane < 4 * channels_; ++plane) {
    float* const row = affine_.row(plane, 0);
    repeat_thrice(nodes_.row(plane, 0), nodes, row);
    std::fill(row + centred_.grid().width, row + S * nodes, 0.0F);  // the last aggregate may reach beyond the image
  }
  loaded_ = node_row;
}

void AggregateProlongation::add(Index row, const FoldedRows<float>& coarse, float* out, Index channel_step) {
  if (row / S != loaded_) {
    expand(row / S, coarse);
  }
  add_affine(affine_.row(0, 0), affine_.channel_step(), centred_.row(0, row), centred_.channel_step(),
             centred_.grid().width, channels_, out, channel_step);
}

}  // namespace fastphoto
