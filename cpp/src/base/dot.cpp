// SPDX-License-Identifier: Apache-2.0
#include "base/dot.h"

namespace fastphoto {

FASTPHOTO_MULTIVERSION double dot_row(const float* a, const float* b, Index count) { return dot_in_lanes(a, b, count); }

}  // namespace fastphoto
