// SPDX-License-Identifier: Apache-2.0
//
// The operator of a level in 16-bit entries.
#pragma once

#include <cstdint>

#include "base/parallel.h"
#include "multigrid/coarse_level.h"
#include "multigrid/folded_rows.h"

namespace fastphoto {

/// The operator K of a level as the smoother reads it, dozens of times a cycle: folded, and in 16 bits. In the bases in
/// which diagonal blocks are the identity, no entry is larger than one. So entries are multiples of 2^-15. With them
/// the iteration takes as many steps as with float32 (docs/smoothing.md).
///
/// Two entries side by side in a row of a block share 32 bits. The first one lies in the lower half: channel
/// 8 * offset + 2 * a + b / 2 has entries 4 * a + b and 4 * a + b + 1, b even. Kernels read the second entry without
/// clearing the lower half, which saves an instruction. So the second entry gains first / 65536 (first read without its
/// sign), and the upper half is rounded so that the sum is nearest.
///
/// An example, in multiples of 2^-15: the entries are 3.2 and 100.7. The first becomes 3. The second becomes 101, and
/// is read as 101 + 3 / 65536. If the first is -2, its half holds 65534. The second then becomes 100, and is read as
/// 100 + 65534 / 65536.
class LevelMatrix {
 public:
  static constexpr Index pairs_per_block = 8;
  static constexpr float entries_per_one = 32768.0F;

  /// @param blocks  16 * offset + 4 * a + b, of CoarseLevel.
  LevelMatrix(Workers& workers, const Field<float>& blocks);

  const FoldedRows<std::int32_t>& pairs() const { return pairs_; }

  /// The rounded entries as plain blocks, in the planes of CoarseLevel.
  Field<float> blocks() const;

 private:
  FoldedRows<std::int32_t> pairs_;
};

}  // namespace fastphoto
