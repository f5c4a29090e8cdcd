// SPDX-License-Identifier: Apache-2.0
//
// The off-diagonal entries of the matting affinity.
#pragma once

#include "base/field.h"
#include "base/parallel.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// @throws Error(InvalidArgument) unless eps and radius are in range.
void require_matting_options(const MattingOptions& options);

/// The matting affinity's off-diagonal entries, scale * W_{i,i+o}, into one plane per positive offset o.
///
/// @param colors  three channels, as large as the planes.
/// @param planes  zero on entry; one channel per offset of positive_offsets(radius). T = float or double says how
///                products are formed and kept; covariances are always factorised in double.
template <class T>
void assemble_affinity(Workers& workers, const Field<float>& colors, const MattingOptions& options, double scale,
                       Field<T>& planes);

}  // namespace fastphoto
