// SPDX-License-Identifier: Apache-2.0
//
// The dot product of two rows, built once for each instruction set.
#include "base/dot.h"

namespace fastphoto {

FASTPHOTO_MULTIVERSION double dot_row(const float* a, const float* b, Index count) { return dot_in_lanes(a, b, count); }

}  // namespace fastphoto
