// SPDX-License-Identifier: Apache-2.0
//
// Rounds entries to pairs of 16-bit numbers, and reads them back.
#include "multigrid/smoother/level_matrix.h"

#include <algorithm>

#include "base/multiversion.h"

namespace fastphoto {

namespace {

/// The whole number nearest to the value in units of an entry, less `excess`, within 16 bits. NaN becomes the largest
/// entry; the check of the coarsest level finds NaN.
FASTPHOTO_INLINE std::int32_t to_entry(float value, float excess) {
  const float scaled = value * LevelMatrix::entries_per_one - excess;
  const float rounded = scaled + (scaled < 0.0F ? -0.5F : 0.5F);
  return static_cast<std::int32_t>(std::max(-32768.0F, std::min(32767.0F, rounded)));
}

/// Makes one pack of pairs from every two packs of entries.
FASTPHOTO_MULTIVERSION void pair_entries(const float* entries, Index packs, std::int32_t* to) {
  for (Index pack = 0; pack < packs; ++pack) {
    for (Index i = 0; i < pack_size; ++i) {
      const auto low = static_cast<std::uint32_t>(to_entry(entries[2 * pack * pack_size + i], 0.0F)) & 0xFFFFU;
      const float excess = static_cast<float>(static_cast<std::int32_t>(low)) / 65536.0F;
      const auto high = static_cast<std::uint32_t>(to_entry(entries[(2 * pack + 1) * pack_size + i], excess));
      to[pack * pack_size + i] = static_cast<std::int32_t>((high << 16U) | low);
    }
  }
}

}  // namespace

LevelMatrix::LevelMatrix(Workers& workers, const Field<float>& blocks)
    : pairs_(blocks.grid().height, blocks.grid().width, pairs_per_block * CoarseLevel::blocks_per_node,
             Lifetime::Long) {
  workers.run(blocks.grid().height, node_rows_per_chunk, [&](Index begin, Index end) {
    FoldedRows<float> entries(1, blocks.grid().width, blocks.channels());
    for (Index row = begin; row < end; ++row) {
      fold_row(blocks, row, entries, 0);
      pair_entries(entries.row(0) - entries.pack_step(), pairs_.row_step() / pack_size,
                   pairs_.row(row) - pairs_.pack_step());
    }
  });
}

Field<float> LevelMatrix::blocks() const {
  Field<float> blocks(Grid{pairs_.height(), pairs_.width(), 1}, CoarseLevel::block_planes);
  for (Index plane = 0; plane < blocks.channels(); ++plane) {
    for (Index row = 0; row < pairs_.height(); ++row) {
      for (Index node = 0; node < pairs_.width(); ++node) {
        const std::int32_t pair = pairs_.at(plane / 2, row, node);
        const double entry = plane % 2 == 0 ? static_cast<double>(static_cast<std::int16_t>(pair & 0xFFFF))
                                            : static_cast<double>(pair) / 65536.0;
        blocks.row(plane, row)[node] = static_cast<float>(entry / static_cast<double>(entries_per_one));
      }
    }
  }
  return blocks;
}

}  // namespace fastphoto
