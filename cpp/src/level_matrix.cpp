// SPDX-License-Identifier: Apache-2.0
#include "level_matrix.h"

#include <algorithm>

#include "multiversion.h"

namespace fastphoto {

namespace {

/// Of what is not a number, the largest; whoever made it finds out.
FASTPHOTO_INLINE std::int32_t to_entry(float value) {
  const float scaled = value * LevelMatrix::entries_per_one;
  const float rounded = scaled + (scaled < 0.0F ? -0.5F : 0.5F);
  return static_cast<std::int32_t>(std::max(-32767.0F, std::min(32767.0F, rounded)));
}

FASTPHOTO_MULTIVERSION void pair_entries(const float* first, const float* second, Index count, std::int32_t* to) {
  for (Index i = 0; i < count; ++i) {
    const auto low = static_cast<std::uint32_t>(to_entry(first[i]));
    const auto high = static_cast<std::uint32_t>(to_entry(second[i]));
    to[i] = static_cast<std::int32_t>((high << 16U) | (low & 0xFFFFU));
  }
}

}  // namespace

LevelMatrix::LevelMatrix(Workers& workers, const Field<float>& blocks)
    : pairs_(blocks.grid().height, blocks.grid().width, pairs_per_block * CoarseLevel::blocks_per_node) {
  const Index length = pairs_.length();
  workers.run(blocks.grid().height, node_rows_per_chunk, [&](Index begin, Index end) {
    FoldedRows<float> first(1, blocks.grid().width, pairs_.channels());
    FoldedRows<float> second(1, blocks.grid().width, pairs_.channels());
    for (Index row = begin; row < end; ++row) {
      for (Index pair = 0; pair < pairs_.channels(); ++pair) {
        fold_row(blocks.row(2 * pair, row), length, first.row(0) + pair * pack_size, first.pack_step());
        fold_row(blocks.row(2 * pair + 1, row), length, second.row(0) + pair * pack_size, second.pack_step());
      }
      close_folded_row(first.row(0), length, first.channels());
      close_folded_row(second.row(0), length, second.channels());
      const Index before = pairs_.pack_step();
      pair_entries(first.row(0) - before, second.row(0) - before, pairs_.row_step(), pairs_.row(row) - before);
    }
  });
}

}  // namespace fastphoto
