// SPDX-License-Identifier: Apache-2.0
//
// Reflects positions beyond a photo's borders into it.
#include "engine/padding.h"

#include <cstddef>
#include <cstdlib>

namespace fastphoto {

namespace {

/// The pixel that reflection puts at position i of a row of n: borders are not repeated.
Index reflected(Index i, Index n) {
  if (n == 1) {
    return 0;
  }
  const Index period = 2 * (n - 1);
  const Index inside = std::abs(i) % period;
  return inside < n ? inside : period - inside;
}

Index next_multiple(Index size, Index of) { return (size + of - 1) / of * of; }

std::vector<Index> reflected_positions(Index count, Index margin, Index n) {
  std::vector<Index> result(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) {
    result[static_cast<std::size_t>(i)] = reflected(i - margin, n);
  }
  return result;
}

}  // namespace

Size padded_size(const Manifest& manifest, Size photo) {
  return {next_multiple(photo.height + 2 * manifest.margin, manifest.size_multiple),
          next_multiple(photo.width + 2 * manifest.margin, manifest.size_multiple)};
}

Padding::Padding(const Manifest& manifest, Size photo) : margin(manifest.margin) {
  const Size size = padded_size(manifest, photo);
  rows = reflected_positions(size.height, margin, photo.height);
  columns = reflected_positions(size.width, margin, photo.width);
}

}  // namespace fastphoto
