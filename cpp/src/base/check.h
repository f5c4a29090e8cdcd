// SPDX-License-Identifier: Apache-2.0
//
// Checks of what callers hand in, each with one clear error.
#pragma once

#include <string>

#include "base/parallel.h"
#include "fastphoto/export.h"
#include "fastphoto/image.h"

namespace fastphoto {

/// "5 x 7 x 3", for messages.
FASTPHOTO_API std::string shape_text(const ImageView& view);

/// A number as short as it can be written, for messages.
FASTPHOTO_API std::string number_text(double number);

/// @throws Error(InvalidArgument) with the message unless the condition holds.
FASTPHOTO_API void require(bool condition, const std::string& message);

/// @throws Error(InvalidArgument) naming the option, its value and what was expected, unless the condition holds.
FASTPHOTO_API void require_option(bool condition, const char* name, double value, const char* expected);

/// @throws Error(InvalidArgument) if any sample is NaN or infinite.
FASTPHOTO_API void require_finite(Workers& workers, const ImageView& view, const char* name);

/// Checks size and samples: at least one pixel, one of the channel counts (0 = any, at least one), finite.
FASTPHOTO_API void require_image(Workers& workers, const ImageView& view, const char* name, Index channels);

/// @throws Error(InvalidArgument) unless the image is one of pixels whose channels lie side by side.
void require_interleaved(const Image& image, const char* name);

/// @throws Error(InvalidArgument) unless both have the same height and width.
FASTPHOTO_API void require_same_size(const ImageView& a, const char* name_a, const ImageView& b, const char* name_b);

}  // namespace fastphoto
