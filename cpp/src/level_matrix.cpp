// SPDX-License-Identifier: Apache-2.0
#include "level_matrix.h"

#include <algorithm>

#include "multiversion.h"

namespace fastphoto {

namespace {

FASTPHOTO_INLINE std::int32_t to_entry(float value) {
  const float scaled = value * LevelMatrix::entries_per_one;
  const float rounded = scaled + (scaled < 0.0F ? -0.5F : 0.5F);
  return static_cast<std::int32_t>(std::min(std::max(rounded, -32767.0F), 32767.0F));
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
  const Index whole = (length + 2) * pack_size;
  workers.run(blocks.grid().height, node_rows_per_chunk, [&](Index begin, Index end) {
    FoldedRows<float> entries(1, blocks.grid().width, 2);
    float* const first = entries.row(0);
    float* const second = first + entries.channel_step();
    for (Index row = begin; row < end; ++row) {
      for (Index pair = 0; pair < pairs_.channels(); ++pair) {
        fold_row(blocks.row(2 * pair, row), length, first);
        fold_row(blocks.row(2 * pair + 1, row), length, second);
        pair_entries(first - pack_size, second - pack_size, whole,
                     pairs_.row(row) + pair * pairs_.channel_step() - pack_size);
      }
    }
  });
}

}  // namespace fastphoto
