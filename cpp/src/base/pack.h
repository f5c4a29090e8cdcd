// SPDX-License-Identifier: Apache-2.0
//
// Packs of 16 samples that the compiler keeps in vector registers.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/field.h"
#include "base/multiversion.h"

namespace fastphoto {

/// Samples side by side, for kernels that keep sums in registers over many neighbours; the compiler maps them to as
/// many registers as the instruction set takes. Only to be used inside one function with what is inlined into it.
/// Kernels whose sums would not fit the registers take a pack in parts of so many lanes as one register has.
#if defined(__GNUC__)
template <class T, Index lanes>
struct PackType {
  using type __attribute__((vector_size(lanes * sizeof(T)))) = T;
};
template <class T, Index lanes = pack_size>
using PackOf = typename PackType<T, lanes>::type;
#else
template <class T, Index lanes = pack_size>
struct PackOf {
  T lane[lanes];

  PackOf& operator+=(const PackOf& other) {
    return each(other, [](T& a, T b) { a += b; });
  }
  PackOf& operator-=(const PackOf& other) {
    return each(other, [](T& a, T b) { a -= b; });
  }
  PackOf& operator*=(const PackOf& other) {
    return each(other, [](T& a, T b) { a *= b; });
  }
  friend PackOf operator+(PackOf a, const PackOf& b) { return a += b; }
  friend PackOf operator-(PackOf a, const PackOf& b) { return a -= b; }
  friend PackOf operator*(PackOf a, const PackOf& b) { return a *= b; }
  friend PackOf operator*(T a, PackOf b) {
    return b.each(b, [a](T& lane, T) { lane *= a; });
  }

 private:
  template <class Body>
  PackOf& each(const PackOf& other, Body body) {
    for (Index i = 0; i < lanes; ++i) {
      body(lane[i], other.lane[i]);
    }
    return *this;
  }
};
#endif
using Pack = PackOf<float>;
using DoublePack = PackOf<double>;

/// A pack, or part of one, like the one that a function was handed.
template <class P>
using Like = std::remove_cv_t<std::remove_reference_t<P>>;

/// Keeps what has been loaded in registers. Without it, compilers read an operand from memory each time it is used.
FASTPHOTO_INLINE void keep_loaded() {
#if defined(__GNUC__)
  asm volatile("" ::: "memory");
#endif
}

/// Two signed 16-bit numbers of every lane, times 2^16. The first lies in the lower half. The second is read with the
/// lower half in place, and is larger by the lower half's value without sign: to clear it would cost an instruction.
#if defined(__GNUC__)
template <Index lanes>
FASTPHOTO_INLINE void load_pairs(const std::int32_t* from, PackOf<float, lanes>& first, PackOf<float, lanes>& second) {
  using Floats = PackOf<float, lanes>;
  PackOf<std::int32_t, lanes> pairs;
  std::memcpy(&pairs, from, sizeof pairs);
  keep_loaded();
  const PackOf<std::int32_t, lanes> lower = pairs << 16;
  first = __builtin_convertvector(lower, Floats);
  second = __builtin_convertvector(pairs, Floats);
}
#else
template <Index lanes>
FASTPHOTO_INLINE void load_pairs(const std::int32_t* from, PackOf<float, lanes>& first, PackOf<float, lanes>& second) {
  for (Index i = 0; i < lanes; ++i) {
    const auto both = static_cast<std::uint32_t>(from[i]);
    first.lane[i] = static_cast<float>(static_cast<std::int32_t>(both << 16U));
    second.lane[i] = static_cast<float>(from[i]);
  }
}
#endif

template <class P>
FASTPHOTO_INLINE void load(const float* from, P& pack) {
  std::memcpy(&pack, from, sizeof pack);
}
template <class P>
FASTPHOTO_INLINE void store(const P& pack, float* to) {
  std::memcpy(to, &pack, sizeof pack);
}

FASTPHOTO_INLINE void load(const double* from, DoublePack& pack) { std::memcpy(&pack, from, sizeof pack); }
#if defined(__GNUC__)
FASTPHOTO_INLINE void load(const float* from, DoublePack& pack) {
  Pack singles;
  load(from, singles);
  pack = __builtin_convertvector(singles, DoublePack);
}
FASTPHOTO_INLINE void store(const DoublePack& pack, float* to) { store(__builtin_convertvector(pack, Pack), to); }
#else
FASTPHOTO_INLINE void load(const float* from, DoublePack& pack) {
  for (Index i = 0; i < pack_size; ++i) {
    pack.lane[i] = static_cast<double>(from[i]);
  }
}
FASTPHOTO_INLINE void store(const DoublePack& pack, float* to) {
  for (Index i = 0; i < pack_size; ++i) {
    to[i] = static_cast<float>(pack.lane[i]);
  }
}
#endif

#ifdef FASTPHOTO_HAS_VERSIONS
/// A number for every lane of a pack, to tell shuffles where samples come from.
using LaneNumbers = int __attribute__((vector_size(pack_size * sizeof(int))));
inline constexpr LaneNumbers lane_numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/// The samples `by` lanes behind those of `here`, of three packs side by side; before them if negative.
template <Index by>
FASTPHOTO_INLINE void shift(const Pack& before, const Pack& here, const Pack& behind, Pack& shifted) {
  static_assert(-pack_size < by && by < pack_size);
  constexpr int first = by < 0 ? pack_size + by : by;
  if constexpr (by == 0) {
    shifted = here;
  } else {
    shifted = __builtin_shuffle(by < 0 ? before : here, by < 0 ? here : behind, lane_numbers + first);
  }
}
#endif

template <class Body, Index... steps>
FASTPHOTO_INLINE void unroll_steps(const Body& body, std::integer_sequence<Index, steps...>) {
  (body(std::integral_constant<Index, steps>()), ...);
}

/// body(0) to body(count - 1) with constants, so that arrays of packs become registers before anything else is done.
template <Index count, class Body>
FASTPHOTO_INLINE void unrolled(const Body& body) {
  unroll_steps(body, std::make_integer_sequence<Index, count>());
}

}  // namespace fastphoto
