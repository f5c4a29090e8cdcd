// SPDX-License-Identifier: Apache-2.0
//
// Masks: types and strides of label maps, weights, choices, errors. Python compares them with their twin.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

#include "fastphoto/error.h"
#include "fastphoto/labels.h"
#include "random_image.h"

using namespace fastphoto;

TEST_CASE("label maps of any type, direction and address") {
  const std::array<std::int32_t, 6> labels = {-3, 7, 7, 200, -3, 7};
  const LabelWeights expected = label_weights(label_map(labels.data(), LabelType::Int32, 2, 3), 2, 3, "mask");
  CHECK(expected.labels == std::vector<std::int64_t>{-3, 7, 200});
  CHECK(expected.areas() == std::vector<double>{2, 3, 1});
  CHECK(expected.weights.view().at(1, 0, 2) == 1.0F);

  std::array<std::int64_t, 6> wide = {};
  std::copy(labels.begin(), labels.end(), wide.rbegin());
  MaskView backwards = label_map(wide.data() + 5, LabelType::Int64, 2, 3);
  backwards.row_stride = -backwards.row_stride;
  backwards.column_stride = -backwards.column_stride;
  CHECK(equal(label_weights(backwards, 2, 3, "mask").weights.view(), expected.weights.view()));

  std::array<char, sizeof(labels) + 1> memory = {};
  std::memcpy(memory.data() + 1, labels.data(), sizeof(labels));
  const MaskView odd = label_map(memory.data() + 1, LabelType::Int32, 2, 3);
  CHECK(equal(label_weights(odd, 2, 3, "mask").weights.view(), expected.weights.view()));

  const std::array<std::uint8_t, 6> bytes = {0, 255, 255, 3, 0, 255};
  CHECK(label_weights(label_map(bytes.data(), LabelType::UInt8, 2, 3), 4, 1, "mask").labels ==
        std::vector<std::int64_t>{0, 255});  // the middle column alone
}

TEST_CASE("soft weights and what is left of each pixel") {
  const std::array<float, 4> samples = {0.25F, 0.5F, 0.75F, 0.25F};
  MaskView mask;
  mask.weights = ImageView(samples.data(), 1, 2, 2);
  CHECK(mask.given());
  const LabelWeights weights = label_weights(mask, 3, 2, "mask");
  CHECK(weights.labels == std::vector<std::int64_t>{0, 1});
  CHECK(weights.weights.view().at(2, 1, 0) == 0.75F);
  const Image chosen = weights.select({1});
  CHECK(chosen.channels() == 2);
  CHECK(chosen.view().at(0, 0, 0) == 0.5F);
  CHECK(chosen.view().at(0, 0, 1) == 0.5F);
  CHECK(weights.select({}).view().at(0, 0, 0) == 1.0F);
  CHECK_THROWS_WITH_AS(weights.select({2}), "label 2 is not one of the mask's labels", Error);
}

TEST_CASE("misuse of masks") {
  CHECK_FALSE(MaskView().given());
  CHECK_THROWS_AS(label_weights({}, 2, 2, "mask"), Error);
  std::array<std::int32_t, 257> many = {};
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i] = static_cast<std::int32_t>(i);
  }
  CHECK(label_weights(label_map(many.data(), LabelType::Int32, 1, 256), 1, 256, "mask").labels.size() == 256);
  MaskView mask = label_map(many.data(), LabelType::Int32, 1, 257);
  CHECK_THROWS_WITH_AS(label_weights(mask, 1, 257, "mask"), "mask must have at most 256 labels, got more", Error);
  CHECK_THROWS_AS(label_weights(mask, 0, 3, "mask"), Error);
  const Image soft = constant_image(2, 2, 2, 0.6F);
  mask.weights = soft.view();
  CHECK_THROWS_WITH_AS(label_weights(mask, 2, 2, "mask"), "mask must be a label map or soft weights, got both", Error);
  mask.labels = nullptr;
  CHECK_THROWS_WITH_AS(label_weights(mask, 2, 2, "mask"),
                       "mask: soft weights must be 0 or more and at most 1 in sum at every pixel", Error);
  mask.weights.channels = 0;
  CHECK_THROWS_AS(label_weights(mask, 2, 2, "mask"), Error);
}

TEST_CASE("labels that take part") {
  const std::map<std::int64_t, double> content = {{1, 5000.0}, {2, 10.0}, {3, 4000.0}, {4, 11.0}};
  const std::map<std::int64_t, double> style = {{1, 50.5}, {2, 900.0}, {3, 40.0}, {4, 11.0}};
  CHECK(shared_labels(content, style) == std::vector<std::int64_t>{1, 4});
  CHECK_THROWS_WITH_AS(shared_labels({{1, 50.0}}, {}),
                       "the masks have no label in common: content has 1 (50 px), style has none (a label takes part "
                       "with more than 10 pixels in both and areas within a factor of 100)",
                       Error);
  LabelOptions options;
  options.min_area = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(shared_labels(content, style, options), Error);
}
