// SPDX-License-Identifier: Apache-2.0
//
// Names the instruction set that the loader has picked.
#include "fastphoto/simd_level.h"

#include "base/multiversion.h"

namespace fastphoto {
namespace {

// The loader chooses among these as it does among the clones of a kernel, so what it says here holds for them.
#ifdef FASTPHOTO_HAS_VERSIONS
__attribute__((target("arch=x86-64-v4"))) const char* chosen_version() { return "x86-64-v4"; }
__attribute__((target("arch=x86-64-v3"))) const char* chosen_version() { return "x86-64-v3"; }
__attribute__((target("default"))) const char* chosen_version() { return "baseline"; }
#else
const char* chosen_version() { return "baseline"; }
#endif

}  // namespace

std::string_view simd_level() noexcept { return chosen_version(); }

}  // namespace fastphoto
