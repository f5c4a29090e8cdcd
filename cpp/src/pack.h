// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <type_traits>
#include <utility>

#include "grid.h"
#include "multiversion.h"

namespace fastphoto {

/// pack_size samples side by side, for kernels that keep sums in registers over many neighbours; the compiler maps them
/// to as many registers as the instruction set takes. Only to be used inside one function with what is inlined into it.
#if defined(__GNUC__)
using Pack = float __attribute__((vector_size(pack_size * sizeof(float))));
#else
struct Pack {
  float lane[pack_size];

  Pack& operator+=(const Pack& other) {
    return each(other, [](float& a, float b) { a += b; });
  }
  Pack& operator-=(const Pack& other) {
    return each(other, [](float& a, float b) { a -= b; });
  }
  Pack& operator*=(const Pack& other) {
    return each(other, [](float& a, float b) { a *= b; });
  }
  friend Pack operator+(Pack a, const Pack& b) { return a += b; }
  friend Pack operator-(Pack a, const Pack& b) { return a -= b; }
  friend Pack operator*(Pack a, const Pack& b) { return a *= b; }

 private:
  template <class Body>
  Pack& each(const Pack& other, Body body) {
    for (Index i = 0; i < pack_size; ++i) {
      body(lane[i], other.lane[i]);
    }
    return *this;
  }
};
#endif

FASTPHOTO_INLINE void load(const float* from, Pack& pack) { std::memcpy(&pack, from, sizeof pack); }
FASTPHOTO_INLINE void store(const Pack& pack, float* to) { std::memcpy(to, &pack, sizeof pack); }

template <class Body, Index... steps>
FASTPHOTO_INLINE void unroll_steps(const Body& body, std::integer_sequence<Index, steps...>) {
  (body(std::integral_constant<Index, steps>()), ...);
}

/// body(0) to body(count - 1) with constants, so that arrays of packs become registers before anything else is done.
template <Index count, class Body>
FASTPHOTO_INLINE void unrolled(const Body& body) {
  unroll_steps(body, std::make_integer_sequence<Index, count>());
}

/// What has been loaded stays in registers: without this, compilers read operands that are used several times from
/// memory each time.
FASTPHOTO_INLINE void keep_loaded() {
#if defined(__GNUC__)
  asm volatile("" ::: "memory");
#endif
}

}  // namespace fastphoto
