// SPDX-License-Identifier: Apache-2.0
//
// Maps of a reduced photo, enlarged and applied row by row.
#pragma once

#include <cstdint>
#include <vector>

#include "fastphoto/export.h"
#include "fastphoto/image.h"

namespace fastphoto {

/// Where the pixels of an axis lie among those of a reduced one: between pixel `first` and the next, `share` of the
/// way.
class FASTPHOTO_API EnlargedAxis {
 public:
  /// @param step  positions are those of every so many pixels of the large axis.
  EnlargedAxis(Index small, Index large, Index step = 1);

  Index size() const { return static_cast<Index>(first_.size()); }
  Index first(Index i) const { return first_[static_cast<std::size_t>(i)]; }
  float share(Index i) const { return share_[static_cast<std::size_t>(i)]; }

 private:
  std::vector<std::int32_t> first_;
  std::vector<float> share_;
};

/// Numbers of a map as it is enlarged: four channels, each with three factors and an offset. A pack holds one map.
inline constexpr Index enlarged_map_numbers = 16;
inline constexpr Index enlarged_channels = 4;

/// Affine maps from colours to four channels, at another size. Rows may be asked for by several threads.
class FASTPHOTO_API EnlargedMaps {
 public:
  /// @param maps  h x w x 16 without gaps; must outlive this.
  EnlargedMaps(const Image& maps, Index height, Index width, Index step = 1);

  Index height() const { return down_.size(); }
  Index width() const { return along_.size(); }

  /// Memory of one thread.
  struct Scratch {
    std::vector<float> maps;
  };

  /// Row y of the enlarged maps, applied to a row of width x 3 colours that has room for one number more.
  /// @param result  width x 4.
  void apply(Index y, const float* colours, Scratch& scratch, float* result) const;

 private:
  const Image& maps_;
  EnlargedAxis down_;
  EnlargedAxis along_;
};

}  // namespace fastphoto
