// SPDX-License-Identifier: Apache-2.0
//
// Writes the solution of a smoothing system into an image.
#pragma once

#include "base/parallel.h"
#include "fastphoto/image.h"
#include "solver/conjugate_gradient.h"
#include "solver/smoothing_system.h"

namespace fastphoto {

/// R from u, turned back and without the padding, into `channels` channels of an interleaved image from `first` on.
void crop(Workers& workers, const SmoothingSystem& system, const Solution& u, Index channels, Index first,
          Image& image);

}  // namespace fastphoto
