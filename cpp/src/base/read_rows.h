// SPDX-License-Identifier: Apache-2.0
//
// Reads rows of a borrowed image, whatever its strides.
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/image.h"

namespace fastphoto {

/// Copies columns [begin, end) of one row of one channel out of a borrowed image, whatever its strides.
void read_row(const ImageView& view, Index channel, Index row, Index begin, Index end, float* out);

/// Copies samples [begin, end) of one channel, counted in row order over the whole image.
void read_samples(const ImageView& view, Index channel, Index begin, Index end, float* out);

/// A row of the image, width x channels samples: where it lies, if it lies there without gaps, or copied to `scratch`,
/// which holds as many.
FASTPHOTO_API const float* interleaved_row(const ImageView& view, Index row, float* scratch);

/// Whether the samples of each row follow each other without gaps, channels varying fastest, at aligned addresses.
bool has_interleaved_rows(const ImageView& view);

/// One row of one channel of the image continued by edge replication `padding` pixels beyond each border; row and out
/// count in the padded image.
void read_padded_row(const ImageView& view, Index padding, Index channel, Index row, float* out);

}  // namespace fastphoto
