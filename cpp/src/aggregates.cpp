// SPDX-License-Identifier: Apache-2.0
#include "aggregates.h"

#include <algorithm>

#include "affine_rows.h"
#include "multiversion.h"

namespace fastphoto {

namespace {

constexpr Index S = aggregate_side;

/// moments (1, colour) = fine (1, colour), or += where `more`, for one channel of one row of pixels.
template <bool more>
FASTPHOTO_INLINE void take_moments(const float* fine, const float* color, Index color_step, Index moment_step,
                                   Index count, float* moments) {
  FASTPHOTO_INDEPENDENT
  for (Index i = 0; i < count; ++i) {
    const float value = fine[i];
    moments[i] = (more ? moments[i] : 0.0F) + value;
    for (Index c = 0; c < 3; ++c) {
      float& moment = moments[(1 + c) * moment_step + i];
      moment = (more ? moment : 0.0F) + value * color[c * color_step + i];
    }
  }
}

FASTPHOTO_MULTIVERSION void set_moments(const float* fine, const float* color, Index color_step, Index moment_step,
                                        Index count, float* moments) {
  take_moments<false>(fine, color, color_step, moment_step, count, moments);
}

FASTPHOTO_MULTIVERSION void add_moments(const float* fine, const float* color, Index color_step, Index moment_step,
                                        Index count, float* moments) {
  take_moments<true>(fine, color, color_step, moment_step, count, moments);
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

/// out = b + a . color for one channel of one row of pixels.
FASTPHOTO_MULTIVERSION void evaluate_affine(const float* affine, Index affine_step, const float* color,
                                            Index color_step, Index count, float* FASTPHOTO_RESTRICT out) {
  for (Index i = 0; i < count; ++i) {
    out[i] = affine[i] + affine[affine_step + i] * color[i] + affine[2 * affine_step + i] * color[color_step + i] +
             affine[3 * affine_step + i] * color[2 * color_step + i];
  }
}

/// Columns of pixels that the aggregates of a row cover; the last aggregate may reach beyond the image.
Grid covered(const CoarseLevel& level) { return {1, S * level.grid().width, 0}; }

}  // namespace

AggregateRestriction::AggregateRestriction(const CoarseLevel& level, const Field<float>& centred, Index channels)
    : level_(level), centred_(centred), channels_(channels), moments_(covered(level), 4 * channels) {}

void AggregateRestriction::add(Index row, const float* fine, Index channel_step) {
  const auto take = row % S == 0 ? set_moments : add_moments;
  for (Index c = 0; c < channels_; ++c) {
    take(fine + c * channel_step, centred_.row(0, row), centred_.channel_step(), channels_ * moments_.channel_step(),
         centred_.grid().width, moments_.row(c, 0));
  }
}

void AggregateRestriction::finish(Index node_row, Field<float>& coarse) {
  const Index nodes = level_.grid().width;
  for (Index plane = 0; plane < 4 * channels_; ++plane) {
    sum_triples(moments_.row(plane, 0), nodes, coarse.row(plane, node_row));
  }
  multiply_transposed_basis({level_.basis().row(CoarseLevel::to_plane, node_row), level_.basis().channel_step()}, nodes,
                            channels_, {coarse.row(0, node_row), coarse.channel_step()},
                            {coarse.row(0, node_row), coarse.channel_step()});
}

AggregateProlongation::AggregateProlongation(const CoarseLevel& level, const Field<float>& centred, Index channels)
    : level_(level),
      centred_(centred),
      channels_(channels),
      nodes_(Grid{1, level.grid().width, 0}, 4 * channels),
      affine_(covered(level), 4 * channels) {}

void AggregateProlongation::expand(Index node_row, const Field<float>& coarse) {
  const Index nodes = level_.grid().width;
  multiply_basis({level_.basis().row(CoarseLevel::to_plane, node_row), level_.basis().channel_step()}, nodes, channels_,
                 {coarse.row(0, node_row), coarse.channel_step()}, {nodes_.row(0, 0), nodes_.channel_step()});
  for (Index plane = 0; plane < 4 * channels_; ++plane) {
    repeat_thrice(nodes_.row(plane, 0), nodes, affine_.row(plane, 0));
  }
  loaded_ = node_row;
}

void AggregateProlongation::row(Index row, const Field<float>& coarse, float* out, Index channel_step) {
  if (row / S != loaded_) {
    expand(row / S, coarse);
  }
  for (Index c = 0; c < channels_; ++c) {
    evaluate_affine(affine_.row(c, 0), channels_ * affine_.channel_step(), centred_.row(0, row),
                    centred_.channel_step(), centred_.grid().width, out + c * channel_step);
  }
}

}  // namespace fastphoto
