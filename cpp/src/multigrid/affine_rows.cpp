// SPDX-License-Identifier: Apache-2.0
//
// Basis products of whole rows, built once for each instruction set.
#include "multigrid/affine_rows.h"

namespace fastphoto {

namespace {

template <Index lanes>
FASTPHOTO_INLINE void multiply_rows(const Planes<const float>& basis, Index count, Index right_sides,
                                    const Planes<const float>& u, const Planes<float>& out) {
  map_packs<lanes>(count, right_sides, u, out, [&](auto sides, Index i, auto& packs) FASTPHOTO_INLINE_LAMBDA {
    multiply_packs<lanes, sides>(basis, i, packs);
  });
}

template <Index lanes>
FASTPHOTO_INLINE void multiply_transposed_rows(const Planes<const float>& basis, Index count, Index right_sides,
                                               const Planes<const float>& u, const Planes<float>& out) {
  map_packs<lanes>(count, right_sides, u, out, [&](auto sides, Index i, auto& packs) FASTPHOTO_INLINE_LAMBDA {
    multiply_transposed_packs<lanes, sides>(basis, i, packs);
  });
}

FASTPHOTO_BY_LANES(void multiply,
                   (const Planes<const float>& basis, Index count, Index right_sides, const Planes<const float>& u,
                    const Planes<float>& out),
                   multiply_rows, (basis, count, right_sides, u, out))
FASTPHOTO_BY_LANES(void multiply_transposed,
                   (const Planes<const float>& basis, Index count, Index right_sides, const Planes<const float>& u,
                    const Planes<float>& out),
                   multiply_transposed_rows, (basis, count, right_sides, u, out))

}  // namespace

void multiply_basis(const Planes<const float>& basis, Index count, Index right_sides, const Planes<const float>& u,
                    const Planes<float>& out) {
  multiply(basis, count, right_sides, u, out);
}

void multiply_transposed_basis(const Planes<const float>& basis, Index count, Index right_sides,
                               const Planes<const float>& u, const Planes<float>& out) {
  multiply_transposed(basis, count, right_sides, u, out);
}

}  // namespace fastphoto
