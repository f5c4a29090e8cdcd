// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string_view>

#include "base/multiversion.h"
#include "fastphoto/simd_level.h"

using namespace fastphoto;

namespace {

// What the processor has, asked of the compiler's runtime instead of the loader.
std::string_view level_of_processor() {
#ifdef FASTPHOTO_HAS_VERSIONS
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (avx2) return avx512 ? "x86-64-v4" : "x86-64-v3";
#endif
  return "baseline";
}

}  // namespace

TEST_CASE("the kernels run with the best instruction set that the processor has") {
  CHECK(simd_level() == level_of_processor());
}
