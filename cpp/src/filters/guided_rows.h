// SPDX-License-Identifier: Apache-2.0
//
// The guided filter for kernels that take its result row by row, without a picture for it.
#pragma once

#include <functional>

#include "base/parallel.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// Receives one row of the filtered image, width x channels samples. Threads call it, each with rows of its own.
using UseRow = std::function<void(Index row, const float* filtered)>;

/// guided_filter() of arguments that have been checked. When a row is handed out, that row of guide and src is not read
/// again, and no other row of them is: `use` may write over it.
void guided_filter_rows(Workers& workers, const ImageView& guide, const ImageView& src,
                        const GuidedFilterOptions& options, const UseRow& use);

}  // namespace fastphoto
