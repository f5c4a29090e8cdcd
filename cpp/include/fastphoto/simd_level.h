// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "fastphoto/export.h"

namespace fastphoto {

/// The instruction set that the kernels run with on this machine, chosen when the program was loaded: "x86-64-v4"
/// (AVX-512), "x86-64-v3" (AVX2 and FMA) or "baseline", the one that the core was compiled for.
FASTPHOTO_API std::string_view simd_level() noexcept;

}  // namespace fastphoto
