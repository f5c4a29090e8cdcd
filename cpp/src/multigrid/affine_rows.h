// SPDX-License-Identifier: Apache-2.0
//
// Multiplies the unknowns of a row of nodes by the nodes' bases, a pack at a time.
#pragma once

#include "base/dispatch_channels.h"
#include "base/multiversion.h"
#include "base/pack.h"
#include "base/planes.h"
#include "fastphoto/image.h"

namespace fastphoto {

// An affine row has four unknowns or coefficients (b, a) for each of some right sides on a row of nodes, padded. Plane
// u * right sides + r is number u of right side r. A basis row has the planes of either matrix of a level's basis.

/// R right sides of a pack of nodes, or of a part of one with so many lanes.
template <Index lanes, Index R>
using AffinePacks = PackOf<float, lanes>[4 * R];

template <Index lanes, Index R>
FASTPHOTO_INLINE void load(const Planes<const float>& rows, Index i, AffinePacks<lanes, R>& packs) {
  unrolled<4 * R>([&](auto plane) FASTPHOTO_INLINE_LAMBDA { load(rows[plane] + i, packs[plane]); });
}

template <Index lanes, Index R>
FASTPHOTO_INLINE void store(const AffinePacks<lanes, R>& packs, Index i, const Planes<float>& rows) {
  unrolled<4 * R>([&](auto plane) FASTPHOTO_INLINE_LAMBDA { store(packs[plane], rows[plane] + i); });
}

/// Loads all nodes, so many at a time, calls body(R, i, packs) with R a constant, and stores what it has made of them;
/// to may be from.
template <Index lanes, class Body>
FASTPHOTO_INLINE void map_packs(Index count, Index right_sides, const Planes<const float>& from,
                                const Planes<float>& to, const Body& body) {
  with_channel_count(right_sides, [&](auto sides) FASTPHOTO_INLINE_LAMBDA {
    const Index end = padded_to_packs(count);
    for (Index i = 0; i < end; i += lanes) {
      AffinePacks<lanes, sides> packs;
      load<lanes, sides>(from, i, packs);
      body(sides, i, packs);
      store<lanes, sides>(packs, i, to);
    }
  });
}

/// u = M u.
template <Index lanes, Index R>
FASTPHOTO_INLINE void multiply_packs(const Planes<const float>& basis, Index i, AffinePacks<lanes, R>& u) {
  const auto entry = [&](Index plane, PackOf<float, lanes>& pack)
                         FASTPHOTO_INLINE_LAMBDA { load(basis[plane] + i, pack); };
  PackOf<float, lanes> m[4];
  unrolled<4>([&](auto k) FASTPHOTO_INLINE_LAMBDA { entry(k, m[k]); });
  unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA {
    u[r] = m[0] * u[r] + m[1] * u[R + r] + m[2] * u[2 * R + r] + m[3] * u[3 * R + r];
  });
  PackOf<float, lanes> rows[3 * R];
  unrolled<3>([&](auto j) FASTPHOTO_INLINE_LAMBDA {
    unrolled<3>([&](auto k) FASTPHOTO_INLINE_LAMBDA { entry(4 + 3 * j + k, m[k]); });
    unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA {
      rows[j * R + r] = m[0] * u[R + r] + m[1] * u[2 * R + r] + m[2] * u[3 * R + r];
    });
  });
  unrolled<3 * R>([&](auto k) FASTPHOTO_INLINE_LAMBDA { u[R + k] = rows[k]; });
}

/// u = M^T u.
template <Index lanes, Index R>
FASTPHOTO_INLINE void multiply_transposed_packs(const Planes<const float>& basis, Index i, AffinePacks<lanes, R>& u) {
  const auto entry = [&](Index plane, PackOf<float, lanes>& pack)
                         FASTPHOTO_INLINE_LAMBDA { load(basis[plane] + i, pack); };
  PackOf<float, lanes> rows[3 * R];
  unrolled<3>([&](auto k) FASTPHOTO_INLINE_LAMBDA {
    PackOf<float, lanes> m[4];
    entry(1 + k, m[0]);
    unrolled<3>([&](auto j) FASTPHOTO_INLINE_LAMBDA { entry(4 + 3 * j + k, m[1 + j]); });
    unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA {
      rows[k * R + r] = m[0] * u[r] + m[1] * u[R + r] + m[2] * u[2 * R + r] + m[3] * u[3 * R + r];
    });
  });
  PackOf<float, lanes> first;
  entry(0, first);
  unrolled<R>([&](auto r) FASTPHOTO_INLINE_LAMBDA { u[r] *= first; });
  unrolled<3 * R>([&](auto k) FASTPHOTO_INLINE_LAMBDA { u[R + k] = rows[k]; });
}

/// out = M u and out = M^T u for the right sides of `count` nodes; out may be u.
void multiply_basis(const Planes<const float>& basis, Index count, Index right_sides, const Planes<const float>& u,
                    const Planes<float>& out);
void multiply_transposed_basis(const Planes<const float>& basis, Index count, Index right_sides,
                               const Planes<const float>& u, const Planes<float>& out);

}  // namespace fastphoto
