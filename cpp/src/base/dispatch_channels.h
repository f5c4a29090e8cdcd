// SPDX-License-Identifier: Apache-2.0
//
// Turns a number of channels into a constant for kernels.
#pragma once

#include <type_traits>

#include "base/multiversion.h"
#include "fastphoto/image.h"

namespace fastphoto {

/// Channels, which are right sides to a solver, treated at once.
inline constexpr Index most_channels = 4;

/// body(count) with the count as a constant, for kernels that keep something of every channel in registers.
template <class Body>
FASTPHOTO_INLINE void with_channel_count(Index count, const Body& body) {
  switch (count) {
    case 1:
      return body(std::integral_constant<Index, 1>());
    case 2:
      return body(std::integral_constant<Index, 2>());
    case 3:
      return body(std::integral_constant<Index, 3>());
    default:
      return body(std::integral_constant<Index, most_channels>());
  }
}

}  // namespace fastphoto
