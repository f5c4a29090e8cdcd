// SPDX-License-Identifier: Apache-2.0
//
// Predicted maps of colours: threads, strides, errors. Python compares them with their twins.
#include <doctest/doctest.h>

#include <limits>

#include "fastphoto/colour_map.h"
#include "fastphoto/error.h"
#include "random_image.h"

using namespace fastphoto;

namespace {

ColourMap random_map(ColourMapKind kind, const std::vector<Index>& extents) {
  const Index count = ColourMap::parameter_count(kind, extents);
  const Image numbers = random_image(1, count, 1, 5);
  return {kind, extents, std::vector<float>(numbers.data(), numbers.data() + count)};
}

}  // namespace

TEST_CASE("the default is the identity") {
  const Image photo = random_image(30, 20, 3);
  CHECK(equal(ColourMap().apply(photo.view()).view(), photo.view()));
}

TEST_CASE("the same for every number of threads and any memory order") {
  const Image photo = random_image(70, 33, 3);
  ImageView mirrored = photo.view();
  mirrored.data += Index{32} * 3;
  mirrored.column_stride = -mirrored.column_stride;
  for (const ColourMap& map : {random_map(ColourMapKind::MatrixAndCurves, {5}), random_map(ColourMapKind::Lut, {4}),
                               random_map(ColourMapKind::Grid, {3, 1, 2})}) {
    const Image one = map.apply(photo.view(), 0.6, 1);
    CHECK(equal(map.apply(photo.view(), 0.6, 4).view(), one.view()));
    CHECK(equal(map.apply(photo.view(), 0.0, 2).view(), photo.view()));
    if (map.kind != ColourMapKind::Grid) {  // whose maps depend on the place
      ImageView expected = one.view();
      expected.data += Index{32} * 3;
      expected.column_stride = -expected.column_stride;
      CHECK(equal(map.apply(mirrored, 0.6, 2).view(), expected));
    }
  }
}

TEST_CASE("misuse") {
  const Image photo = random_image(4, 5, 3);
  ColourMap map;
  map.parameters.pop_back();
  CHECK_THROWS_WITH_AS(map.apply(photo.view()), "a matrix with curves of extents {0} must have 12 parameters, got 11",
                       Error);
  map.parameters.push_back(std::numeric_limits<float>::infinity());
  CHECK_THROWS_AS(map.apply(photo.view()), Error);
  CHECK_THROWS_AS(ColourMap().apply(ImageView()), Error);
  CHECK_THROWS_AS(ColourMap().apply(photo.view(), -0.5), Error);
  CHECK_THROWS_AS(ColourMap::parameter_count(ColourMapKind::Lut, {}), Error);
  CHECK_THROWS_AS(ColourMap::parameter_count(ColourMapKind::Lut, {std::numeric_limits<Index>::max()}), Error);
}
