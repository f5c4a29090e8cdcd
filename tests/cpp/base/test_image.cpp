// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <utility>

#include "fastphoto/image.h"

using namespace fastphoto;

TEST_CASE("a view reads any memory order") {
  const std::array<float, 12> samples = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const ImageView rows(samples.data(), 2, 2, 3);
  CHECK(rows.at(1, 0, 2) == 8);
  const FeatureView planes = feature_view(samples.data(), 3, 2, 2);
  CHECK(planes.at(1, 0, 2) == 10);
  ImageView upside_down = rows;
  upside_down.data = samples.data() + 6;
  upside_down.row_stride = -rows.row_stride;
  CHECK(upside_down.at(1, 0, 2) == 2);
}

TEST_CASE("an image is moved, and released to who frees it") {
  Image image(2, 3, 1, Layout::Planar);
  image.data()[5] = 7;
  Image moved = std::move(image);
  CHECK(moved.view().at(1, 2, 0) == 7);
  const std::unique_ptr<float[]> samples(moved.release());
  CHECK(samples[5] == 7);
  CHECK(moved.data() == nullptr);
  CHECK(moved.height() == 0);
}
