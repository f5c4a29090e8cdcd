// SPDX-License-Identifier: Apache-2.0
//
// Basis products of whole rows, built once for each instruction set.
#include "multigrid/affine_rows.h"

namespace fastphoto {

FASTPHOTO_MULTIVERSION void multiply_basis(const Planes<const float>& basis, Index count, Index right_sides,
                                           const Planes<const float>& u, const Planes<float>& out) {
  map_packs(count, right_sides, u, out,
            [&](auto sides, Index i, auto& packs) FASTPHOTO_INLINE_LAMBDA { multiply_packs<sides>(basis, i, packs); });
}

FASTPHOTO_MULTIVERSION void multiply_transposed_basis(const Planes<const float>& basis, Index count, Index right_sides,
                                                      const Planes<const float>& u, const Planes<float>& out) {
  map_packs(count, right_sides, u, out, [&](auto sides, Index i, auto& packs) FASTPHOTO_INLINE_LAMBDA {
    multiply_transposed_packs<sides>(basis, i, packs);
  });
}

}  // namespace fastphoto
