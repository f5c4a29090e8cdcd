// SPDX-License-Identifier: Apache-2.0
//
// Macros that build a function once for each instruction set, and what its parts need.
#pragma once

// FASTPHOTO_MULTIVERSION marks a hot function that the compiler builds once per instruction set; the loader picks.
//
// Only where it is known to work: GCC on x86-64 with ELF ifunc. Sanitizers run before their runtime is ready inside
// ifunc resolvers, so not in their builds, which define FASTPHOTO_SANITIZED. Nor where FASTPHOTO_ONE_VERSION asks for
// the compiler's own instruction set alone, as under valgrind, which knows no AVX-512. simd_level.cpp lists the same
// instruction sets.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(FASTPHOTO_SANITIZED) && !defined(FASTPHOTO_ONE_VERSION)
#define FASTPHOTO_HAS_VERSIONS
#define FASTPHOTO_MULTIVERSION __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FASTPHOTO_MULTIVERSION
#endif

// FASTPHOTO_BY_LANES(function, parameters, kernel, arguments) defines one whose best form depends on the instruction
// set: kernel<lanes> with as many float32 lanes as one of its registers has. To be called from the same file only.
// NOLINTBEGIN(bugprone-macro-parentheses): parameters and arguments come with their own
#ifdef FASTPHOTO_HAS_VERSIONS
#define FASTPHOTO_BY_LANES(function, parameters, kernel, arguments)                              \
  __attribute__((target("arch=x86-64-v4"))) function parameters { return kernel<16> arguments; } \
  __attribute__((target("arch=x86-64-v3"))) function parameters { return kernel<8> arguments; }  \
  __attribute__((target("default"))) function parameters { return kernel<4> arguments; }
#else
#define FASTPHOTO_BY_LANES(function, parameters, kernel, arguments) \
  function parameters { return kernel<fastphoto::register_lanes> arguments; }
#endif
// NOLINTEND(bugprone-macro-parentheses)

// FASTPHOTO_INLINE: a part of a multiversioned function, which must be compiled with its caller's instruction set.
// FASTPHOTO_INLINE_LAMBDA, behind the parameters of a lambda, says the same of it. Sanitized builds have one
// instruction set, and inlining all of it there takes the compiler minutes and gigabytes.
#if defined(__GNUC__) && !defined(FASTPHOTO_SANITIZED)
#define FASTPHOTO_INLINE inline __attribute__((always_inline))
#define FASTPHOTO_INLINE_LAMBDA __attribute__((always_inline))
#else
#define FASTPHOTO_INLINE inline
#define FASTPHOTO_INLINE_LAMBDA
#endif

// FASTPHOTO_RESTRICT: these pointers do not overlap, so the loop may be vectorised without a check.
#if defined(_MSC_VER)
#define FASTPHOTO_RESTRICT __restrict
#else
#define FASTPHOTO_RESTRICT __restrict__
#endif

// FASTPHOTO_INDEPENDENT before a loop: its iterations do not depend on each other, even if its pointers look as if they
// might overlap. FASTPHOTO_UNROLL before a loop of up to four steps: the loop is unrolled, so that the loop around it
// can be vectorised.
#if defined(__GNUC__) && !defined(__clang__)
#define FASTPHOTO_INDEPENDENT _Pragma("GCC ivdep")
#define FASTPHOTO_UNROLL _Pragma("GCC unroll 4")
#else
#define FASTPHOTO_INDEPENDENT
#define FASTPHOTO_UNROLL
#endif

namespace fastphoto {

/// Float32 lanes of a register of the instruction set that is compiled for where no versions are made.
#if defined(__AVX512F__)
inline constexpr int register_lanes = 16;
#elif defined(__AVX__)
inline constexpr int register_lanes = 8;
#else
inline constexpr int register_lanes = 4;
#endif

/// Where prefetch leaves what it asks for, as compilers number it.
constexpr int second_cache = 2;
constexpr int first_cache = 3;

/// Asks for the cache line at an address that will be read soon; also beyond the end of a buffer, as it reads nothing.
template <int cache = second_cache>
FASTPHOTO_INLINE void prefetch(const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address, 0, cache);
#else
  static_cast<void>(address);
#endif
}

}  // namespace fastphoto
