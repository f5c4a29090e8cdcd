// SPDX-License-Identifier: Apache-2.0
//
// Applies a predicted map of colours to a photo: matrix and curves, a 3D LUT, or a grid of affine maps.
#include "fastphoto/colour_map.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/luma.h"
#include "base/multiversion.h"
#include "base/read_rows.h"
#include "colour/colour_map_rows.h"

namespace fastphoto {

namespace {

constexpr Index affine_numbers = 12;    // of a 3 x 4 affine map
constexpr Index most_points = 1 << 16;  // along one axis, so that products stay far from overflow

const char* name_of(ColourMapKind kind) {
  switch (kind) {
    case ColourMapKind::MatrixAndCurves:
      return "matrix with curves";
    case ColourMapKind::Lut:
      return "LUT";
    case ColourMapKind::Grid:
      break;
  }
  return "grid";
}

std::string text_of(const std::vector<Index>& extents) {
  std::string text = "{";
  for (std::size_t i = 0; i < extents.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(extents[i]);
  }
  return text + "}";
}

/// map (r, g, b, 1)
FASTPHOTO_INLINE void apply_affine(const float* map, const float* colour, float* out) {
  for (Index c = 0; c < 3; ++c) {
    const float* const m = map + 4 * c;
    out[c] = m[0] * colour[0] + m[1] * colour[1] + m[2] * colour[2] + m[3];
  }
}

/// A curve through `points` values at equal distances over 0..1, linear between them and beyond.
FASTPHOTO_INLINE float read_curve(const float* values, Index points, float at) {
  const auto last = static_cast<float>(points - 1);
  const float place = at * last;
  const float inside = place > 0.0F ? (place < last - 1.0F ? place : last - 1.0F) : 0.0F;
  const auto piece = static_cast<Index>(inside);
  return values[piece] + (place - static_cast<float>(piece)) * (values[piece + 1] - values[piece]);
}

FASTPHOTO_MULTIVERSION void map_by_curves(const float* parameters, Index points, const float* from, Index count,
                                          float* to) {
  for (Index x = 0; x < count; ++x, from += 3, to += 3) {
    apply_affine(parameters, from, to);
    if (points > 0) {
      for (Index c = 0; c < 3; ++c) {
        to[c] = read_curve(parameters + affine_numbers + c * points, points, to[c]);
      }
    }
  }
}

/// One of a colour's coordinates in the cube: its place between two nodes, and how far apart those are in memory.
struct Step {
  float part;
  Index distance;
};

FASTPHOTO_INLINE void order(Step& first, Step& second) {
  if (first.part < second.part) {
    std::swap(first, second);
  }
}

/// The cell's tetrahedron that holds a colour is walked from the node nearest to black to the opposite one, along the
/// coordinates from the largest part to the smallest.
FASTPHOTO_MULTIVERSION void map_by_lut(const float* nodes, Index points, const float* from, Index count, float* to) {
  const auto last = static_cast<float>(points - 1);
  const Index distances[3] = {3 * points * points, 3 * points, 3};
  for (Index x = 0; x < count; ++x, from += 3, to += 3) {
    Step steps[3];
    float clamped_off[3];
    Index node = 0;
    for (Index c = 0; c < 3; ++c) {
      const float inside = from[c] > 0.0F ? (from[c] < 1.0F ? from[c] : 1.0F) : 0.0F;
      clamped_off[c] = from[c] - inside;
      const float place = inside * last;
      const Index low = std::min(static_cast<Index>(place), points - 2);
      steps[c] = {place - static_cast<float>(low), distances[c]};
      node += low * distances[c];
    }
    order(steps[0], steps[1]);
    order(steps[1], steps[2]);
    order(steps[0], steps[1]);
    const float* const black = nodes + node;
    const float* const first = black + steps[0].distance;
    const float* const second = first + steps[1].distance;
    const float* const white = second + steps[2].distance;
    for (Index c = 0; c < 3; ++c) {
      to[c] = black[c] + steps[0].part * (first[c] - black[c]) + steps[1].part * (second[c] - first[c]) +
              steps[2].part * (white[c] - second[c]) + clamped_off[c];
    }
  }
}

/// A place on an axis of nodes that lie at the centres of equal cells; beyond the outer ones it is theirs.
struct Place {
  Index low;
  Index high;
  float part;
};

FASTPHOTO_INLINE Place place_among(Index nodes, float cells) {
  const auto last = static_cast<float>(nodes - 1);
  const float centred = cells - 0.5F;
  const float inside = centred > 0.0F ? (centred < last ? centred : last) : 0.0F;
  const auto low = static_cast<Index>(inside);
  return {low, std::min(low + 1, nodes - 1), inside - static_cast<float>(low)};
}

/// Where pixel `index` of `size` lies on such an axis.
FASTPHOTO_INLINE Place place_of_pixel(Index index, Index size, Index nodes) {
  const double cells = (static_cast<double>(index) + 0.5) * static_cast<double>(nodes) / static_cast<double>(size);
  return place_among(nodes, static_cast<float>(cells));
}

FASTPHOTO_MULTIVERSION void blend_rows(const float* low, const float* high, float part, Index count, float* to) {
  for (Index i = 0; i < count; ++i) {
    to[i] = low[i] + part * (high[i] - low[i]);
  }
}

/// @param nodes  the grid's maps at this row: columns x lumas
FASTPHOTO_MULTIVERSION void map_by_grid_row(const float* nodes, const Place* columns, Index lumas, const float* from,
                                            Index count, float* to) {
  for (Index x = 0; x < count; ++x, from += 3, to += 3) {
    const Place& column = columns[x];
    const Place tone = place_among(lumas, luma(from[0], from[1], from[2]) * static_cast<float>(lumas));
    const float* const dark_left = nodes + (column.low * lumas + tone.low) * affine_numbers;
    const float* const bright_left = nodes + (column.low * lumas + tone.high) * affine_numbers;
    const float* const dark_right = nodes + (column.high * lumas + tone.low) * affine_numbers;
    const float* const bright_right = nodes + (column.high * lumas + tone.high) * affine_numbers;
    float map[affine_numbers];
    for (Index i = 0; i < affine_numbers; ++i) {
      const float left = dark_left[i] + tone.part * (bright_left[i] - dark_left[i]);
      const float right = dark_right[i] + tone.part * (bright_right[i] - dark_right[i]);
      map[i] = left + column.part * (right - left);
    }
    apply_affine(map, from, to);
  }
}

FASTPHOTO_MULTIVERSION void mix(const float* photo, float strength, Index count, float* mapped) {
  for (Index i = 0; i < count; ++i) {
    mapped[i] = photo[i] + strength * (mapped[i] - photo[i]);
  }
}

}  // namespace

/// Where each pixel of a row lies among a grid's columns; no other map needs it.
struct ColourMapRows::Columns {
  std::vector<Place> places;
};

ColourMapRows::ColourMapRows(const ColourMap& map, Index height, Index width, double strength)
    : map_(map), height_(height), width_(width), strength_(static_cast<float>(strength)) {
  const Index count = ColourMap::parameter_count(map.kind, map.extents);
  require(static_cast<Index>(map.parameters.size()) == count,
          std::string("a ") + name_of(map.kind) + " of extents " + text_of(map.extents) + " must have " +
              std::to_string(count) + " parameters, got " + std::to_string(map.parameters.size()));
  Workers alone(Threads(1));
  require_finite(alone, ImageView(map.parameters.data(), 1, count, 1), "parameters");
  if (map.kind == ColourMapKind::Grid) {
    columns_ = std::make_unique<Columns>();
    for (Index x = 0; x < width; ++x) {
      columns_->places.push_back(place_of_pixel(x, width, map.extents[1]));
    }
  }
}

ColourMapRows::~ColourMapRows() = default;

void ColourMapRows::apply(Index row, const float* from, float* to) const {
  if (strength_ == 0.0F) {
    std::copy_n(from, width_ * 3, to);
    return;
  }
  const float* const parameters = map_.parameters.data();
  switch (map_.kind) {
    case ColourMapKind::MatrixAndCurves:
      map_by_curves(parameters, map_.extents[0], from, width_, to);
      break;
    case ColourMapKind::Lut:
      map_by_lut(parameters, map_.extents[0], from, width_, to);
      break;
    case ColourMapKind::Grid: {
      const Index row_size = map_.extents[1] * map_.extents[2] * affine_numbers;
      const Place place = place_of_pixel(row, height_, map_.extents[0]);
      std::vector<float> nodes(static_cast<std::size_t>(row_size));
      blend_rows(parameters + place.low * row_size, parameters + place.high * row_size, place.part, row_size,
                 nodes.data());
      map_by_grid_row(nodes.data(), columns_->places.data(), map_.extents[2], from, width_, to);
      break;
    }
  }
  if (strength_ != 1.0F) {
    mix(from, strength_, width_ * 3, to);
  }
}

Index ColourMap::parameter_count(ColourMapKind kind, const std::vector<Index>& extents) {
  const std::size_t axes = kind == ColourMapKind::Grid ? 3 : 1;
  const Index least = kind == ColourMapKind::Grid ? 1 : kind == ColourMapKind::Lut ? 2 : 0;
  const bool good = extents.size() == axes && std::all_of(extents.begin(), extents.end(), [&](Index extent) {
                      const bool half_a_curve = kind == ColourMapKind::MatrixAndCurves && extent == 1;
                      return extent >= least && extent <= most_points && !half_a_curve;
                    });
  const char* const expected = kind == ColourMapKind::Grid  ? "{rows, columns, lumas}, each at least 1"
                               : kind == ColourMapKind::Lut ? "{points} with at least 2 points"
                                                            : "{points} with no point or at least 2";
  require(good, std::string("a ") + name_of(kind) + " must have extents " + expected + " and at most " +
                    std::to_string(most_points) + ", got " + text_of(extents));
  switch (kind) {
    case ColourMapKind::MatrixAndCurves:
      return affine_numbers + 3 * extents[0];
    case ColourMapKind::Lut:
      return 3 * extents[0] * extents[0] * extents[0];
    case ColourMapKind::Grid:
      break;
  }
  return affine_numbers * extents[0] * extents[1] * extents[2];
}

Image ColourMap::apply(const ImageView& photo, double strength, Threads threads) const {
  require_option(strength >= 0.0 && strength <= 1.0, "strength", strength, "between 0 and 1");
  return map_colours(*this, photo, strength, threads);
}

Image map_colours(const ColourMap& map, const ImageView& photo, double strength, Threads threads) {
  const ColourMapRows rows(map, photo.height, photo.width, strength);
  Workers workers(threads);
  require_image(workers, photo, "photo", 3);
  Image out(photo.height, photo.width, 3);
  workers.run(photo.height, rows_per_chunk, [&](Index begin, Index end) {
    std::vector<float> scratch(static_cast<std::size_t>(photo.width * 3));
    for (Index row = begin; row < end; ++row) {
      rows.apply(row, interleaved_row(photo, row, scratch.data()), out.data() + row * photo.width * 3);
    }
  });
  return out;
}

}  // namespace fastphoto
