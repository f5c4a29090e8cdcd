// SPDX-License-Identifier: Apache-2.0
//
// A map of colours for kernels that have the photo row by row.
#pragma once

#include <memory>

#include "fastphoto/colour_map.h"
#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// A map of colours for the rows of one photo.
class FASTPHOTO_API ColourMapRows {
 public:
  /// @param map       must stay where it is.
  /// @param strength  0 leaves colours as they are, 1 maps them, more goes beyond the map.
  /// @throws Error(InvalidArgument) if the number of parameters does not fit, or one is not finite.
  ColourMapRows(const ColourMap& map, Index height, Index width, double strength);
  ~ColourMapRows();
  ColourMapRows(const ColourMapRows&) = delete;
  ColourMapRows& operator=(const ColourMapRows&) = delete;
  ColourMapRows(ColourMapRows&&) = delete;
  ColourMapRows& operator=(ColourMapRows&&) = delete;

  /// Maps the pixels of one row, RGB without gaps. `to` must lie elsewhere.
  void apply(Index row, const float* from, float* to) const;

 private:
  struct Columns;

  const ColourMap& map_;
  Index height_;
  Index width_;
  float strength_;
  std::unique_ptr<Columns> columns_;
};

/// As ColourMap::apply(), for a strength above 1 too.
FASTPHOTO_API Image map_colours(const ColourMap& map, const ImageView& photo, double strength, Threads threads);

}  // namespace fastphoto
