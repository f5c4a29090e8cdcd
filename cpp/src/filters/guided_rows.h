// SPDX-License-Identifier: Apache-2.0
//
// The guided filter for kernels that take its result row by row, without a picture for it.
#pragma once

#include <functional>

#include "base/parallel.h"
#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// Receives one row of the filtered image, width x channels samples. Threads call it, each with rows of its own.
using UseRow = std::function<void(Index row, const float* filtered)>;

/// guided_filter() of arguments that have been checked. When a row is handed out, that row of guide and src is not read
/// again, and no other row of them is: `use` may write over it.
void guided_filter_rows(Workers& workers, const ImageView& guide, const ImageView& src,
                        const GuidedFilterOptions& options, const UseRow& use);

/// Receives one row of maps: for each pixel and channel of src one factor for each channel of the guide, and an offset.
using UseMapRow = std::function<void(Index row, const float* maps)>;

/// The maps that guided_filter() applies at each pixel: filtered = factors . guide + offset.
FASTPHOTO_API void guided_map_rows(Workers& workers, const ImageView& guide, const ImageView& src,
                                   const GuidedFilterOptions& options, const UseMapRow& use);

}  // namespace fastphoto
