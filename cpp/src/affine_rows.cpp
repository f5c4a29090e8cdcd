// SPDX-License-Identifier: Apache-2.0
#include "affine_rows.h"

namespace fastphoto {

FASTPHOTO_MULTIVERSION void multiply_basis(const PlaneRow& basis, Index count, Index right_sides,
                                           const AffineRows<const float>& u, const AffineRows<float>& out) {
  with_channel_count(right_sides, [&](auto sides) FASTPHOTO_INLINE_LAMBDA {
    for (Index i = 0; i < count; i += pack_size) {
      AffinePacks<sides> packs;
      load<sides>(u, i, packs);
      multiply_packs<sides>(basis, i, packs);
      store<sides>(packs, i, out);
    }
  });
}

FASTPHOTO_MULTIVERSION void multiply_transposed_basis(const PlaneRow& basis, Index count, Index right_sides,
                                                      const AffineRows<const float>& u, const AffineRows<float>& out) {
  with_channel_count(right_sides, [&](auto sides) FASTPHOTO_INLINE_LAMBDA {
    for (Index i = 0; i < count; i += pack_size) {
      AffinePacks<sides> packs;
      load<sides>(u, i, packs);
      multiply_transposed_packs<sides>(basis, i, packs);
      store<sides>(packs, i, out);
    }
  });
}

}  // namespace fastphoto
