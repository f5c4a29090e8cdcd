// SPDX-License-Identifier: Apache-2.0
//
// The last steps of a photo whose model does nothing but map colours.
#pragma once

#include "engine/pair_map.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"
#include "fastphoto/pixels.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// Maps the photo's colours and brings them into 0..1, row by row, straight from the caller's pixels to the caller's.
/// A row that has been read is written at once, so the result may lie where the content does, if both lie in the same
/// order.
///
/// @param content     checked.
/// @param greyness    how far colours are moved towards grey after that, 0..1.
/// @param alpha_from  as in write_pixels().
void finish_colours(const Pixels& content, const PairMap& map, double greyness, const GamutOptions& gamut,
                    const Pixels& alpha_from, const MutablePixels& result, Threads threads);

}  // namespace fastphoto
