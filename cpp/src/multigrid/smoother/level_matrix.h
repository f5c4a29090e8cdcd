// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/parallel.h"
#include "multigrid/coarse_level.h"
#include "multigrid/folded_rows.h"

namespace fastphoto {

/// The operator K of a level as the smoother reads it, dozens of times a cycle: folded, and in 16 bits. In the bases in
/// which diagonal blocks are the identity no entry is larger than one, so entries are multiples of 2^-15; with that the
/// iteration takes as many steps as with float32 (docs/smoothing.md).
///
/// Two entries side by side in a row of a block share 32 bits, the first in the lower half: channel 8 * offset + 2 * a
/// + b / 2 has entries 4 * a + b and 4 * a + b + 1, b even. The second is read with the lower half behind its point and
/// rounded with that in mind.
class LevelMatrix {
 public:
  static constexpr Index pairs_per_block = 8;
  static constexpr float entries_per_one = 32768.0F;

  /// @param blocks  16 * offset + 4 * a + b, of CoarseLevel.
  LevelMatrix(Workers& workers, const Field<float>& blocks);

  const FoldedRows<std::int32_t>& pairs() const { return pairs_; }

 private:
  FoldedRows<std::int32_t> pairs_;
};

}  // namespace fastphoto
