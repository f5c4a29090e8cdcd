// SPDX-License-Identifier: Apache-2.0
//
// The pipeline over a chain whose numbers can be worked out by hand: results, formats, threads, masks, errors.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/alignment.h"
#include "fastphoto/engine/stylizer.h"
#include "fastphoto/error.h"
#include "fastphoto/gamut.h"
#include "photo.h"
#include "plain_runtime.h"
#include "random_image.h"

using namespace fastphoto;
using namespace fastphoto::test;

namespace {

struct Fixture {
  explicit Fixture(bool learned = false) : bundle(learned), stylizer(bundle.folder(), runtime) {}

  PlainBundle bundle;
  std::shared_ptr<PlainRuntime> runtime = std::make_shared<PlainRuntime>();
  Stylizer stylizer;
};

Pixels pixels_of(const Image& image) { return {image.data(), image.height(), image.width()}; }

Image apply(const Stylizer& stylizer, const Image& content, const Look& look, const ApplyOptions& options = {},
            const MaskView& mask = {}) {
  Image result(content.height(), content.width(), 3);
  stylizer.apply(pixels_of(content), look, {result.data(), result.height(), result.width()}, mask, options);
  return result;
}

ApplyOptions without_smoothing() {
  ApplyOptions options;
  options.smoothing = Smoothing::None;
  return options;
}

Samples planes(const Image& photo) {
  Samples tensor({1, 3, photo.height(), photo.width()});
  const Index n = photo.height() * photo.width();
  for (Index i = 0; i < n; ++i) {
    for (Index c = 0; c < 3; ++c) {
      tensor.samples[static_cast<std::size_t>(c * n + i)] = photo.data()[3 * i + c];
    }
  }
  return tensor;
}

Statistics statistics_of(const Samples& features) {
  Tensors out;
  add_statistics(out, features, Samples({1, 1, 1, 1}, {1.0F}), "");
  const auto mean = out.at("mean")->samples;
  const auto covariance = out.at("covariance")->samples;
  Vector m(3);
  Matrix s(3, 3);
  for (Index a = 0; a < 3; ++a) {
    m(a) = static_cast<double>(mean[static_cast<std::size_t>(a)]);
    for (Index b = 0; b < 3; ++b) {
      s(a, b) = static_cast<double>(covariance[static_cast<std::size_t>(3 * a + b)]);
    }
  }
  return {m, (s + s.transpose()) / 2.0};
}

double largest_difference(const ImageView& a, const ImageView& b) {
  double largest = 0.0;
  for (Index y = 0; y < a.height; ++y) {
    for (Index x = 0; x < a.width; ++x) {
      for (Index c = 0; c < a.channels; ++c) {
        largest = std::max(largest, static_cast<double>(std::abs(a.at(y, x, c) - b.at(y, x, c))));
      }
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("the chain gives the photo that its steps give one by one") {
  const Fixture f;
  const Image content = photo(12, 16, 1);
  const Image style = photo(16, 20, 2);  // 80 features at the level: of fewer than 64 it takes a share
  Image const found = apply(f.stylizer, content, f.stylizer.analyze(pixels_of(style)), without_smoothing());

  const std::vector<Alignment>& points = f.stylizer.bundle().manifest().alignments;
  ChainAlignment align(points, {{statistics_of(planes(style))}, {statistics_of(halved(planes(style)))}}, 1.0, false);
  const Samples whole({1, 1, 1, 1}, {1.0F});
  const auto step = [&](std::size_t index, const Samples& features) {
    const AffineMaps maps = align.maps(index, {statistics_of(features)});
    return aligned(features, whole, Samples({1, 3, 3}, maps.matrix), Samples({1, 3}, maps.offset));
  };
  const Samples coloured = step(0, planes(content));
  const Samples squares = halved(coloured);
  const Samples after = step(1, squares);
  Image expected(12, 16, 3);
  for (Index y = 0; y < 12; ++y) {
    for (Index x = 0; x < 16; ++x) {
      for (Index c = 0; c < 3; ++c) {
        const auto square = static_cast<std::size_t>((c * 6 + y / 2) * 8 + x / 2);
        expected.data()[(y * 16 + x) * 3 + c] = coloured.samples[static_cast<std::size_t>((c * 12 + y) * 16 + x)] +
                                                after.samples[square] - squares.samples[square];
      }
    }
  }
  compress_to_gamut(expected);
  // The same float32 operations, but for the order of some sums.
  CHECK(largest_difference(found.view(), expected.view()) < 1e-6);
}

TEST_CASE("strength 0 returns the content to the bit, and strength grows evenly") {
  const Fixture f;
  const Image content = photo(20, 24, 1);
  const Look look = f.stylizer.analyze(pixels_of(photo(16, 16, 2)));
  ApplyOptions options;
  options.strength = 0.0;
  CHECK(equal(apply(f.stylizer, content, look, options).view(), content.view()));
  double before = 0.0;
  for (const double strength : {0.2, 0.6, 1.0}) {
    options.strength = strength;
    const double change = largest_difference(apply(f.stylizer, content, look, options).view(), content.view());
    CHECK(change > before);
    before = change;
  }
}

TEST_CASE("photos of any size come back in their size, finite and in range") {
  const Fixture f;
  const Look look = f.stylizer.analyze(pixels_of(photo(16, 16, 2)));
  for (const Index height : {1, 2, 5, 9, 300}) {
    for (const Index width : {1, 3, 4, 270}) {
      const Image found = apply(f.stylizer, photo(height, width, 3), look);
      bool in_range = true;
      for (Index i = 0; i < height * width * 3; ++i) {
        in_range = in_range && found.data()[i] >= 0.0F && found.data()[i] <= 1.0F;
      }
      CHECK(in_range);
    }
  }
}

TEST_CASE("8 and 16 bits, orders, strides and alpha: one photo, one result") {
  const Fixture f;
  const Look look = f.stylizer.analyze(pixels_of(photo(16, 16, 2)));
  const Image content = photo(11, 14, 1);
  std::vector<std::uint8_t> rgb(std::size_t{11} * 14 * 3);
  std::vector<std::uint8_t> bgra(std::size_t{11} * 64, 7);  // rows of 64 bytes, of which 56 are pixels
  Image exact(11, 14, 3);
  for (Index y = 0; y < 11; ++y) {
    for (Index x = 0; x < 14; ++x) {
      for (Index c = 0; c < 3; ++c) {
        const auto value = static_cast<std::uint8_t>(std::lround(255.0F * content.data()[(y * 14 + x) * 3 + c]));
        rgb[static_cast<std::size_t>((y * 14 + x) * 3 + c)] = value;
        bgra[static_cast<std::size_t>(y * 64 + 4 * x + 2 - c)] = value;
        exact.data()[(y * 14 + x) * 3 + c] = static_cast<float>(value) / 255.0F;
      }
      bgra[static_cast<std::size_t>(y * 64 + 4 * x + 3)] = static_cast<std::uint8_t>(x);
    }
  }
  const Image expected = apply(f.stylizer, exact, look);

  std::vector<std::uint16_t> deep(std::size_t{11} * 14 * 3);
  f.stylizer.apply({rgb.data(), 11, 14, SampleType::UInt8}, look, {deep.data(), 11, 14, SampleType::UInt16});
  // In place, in the caller's format.
  const std::vector<std::uint8_t> before = bgra;
  f.stylizer.apply({bgra.data(), 11, 14, SampleType::UInt8, PixelOrder::BGRA, 64}, look,
                   {bgra.data(), 11, 14, SampleType::UInt8, PixelOrder::BGRA, 64});
  for (Index y = 0; y < 11; ++y) {
    for (Index x = 0; x < 14; ++x) {
      for (Index c = 0; c < 3; ++c) {
        const auto wanted = static_cast<double>(expected.data()[(y * 14 + x) * 3 + c]);
        CHECK(std::abs(deep[static_cast<std::size_t>((y * 14 + x) * 3 + c)] - 65535.0 * wanted) <= 0.51);
        CHECK(std::abs(bgra[static_cast<std::size_t>(y * 64 + 4 * x + 2 - c)] - 255.0 * wanted) <= 0.51);
      }
      CHECK(bgra[static_cast<std::size_t>(y * 64 + 4 * x + 3)] == x);
    }
    CHECK(std::equal(bgra.begin() + y * 64 + 56, bgra.begin() + (y + 1) * 64, before.begin() + y * 64 + 56));
  }
}

TEST_CASE("a result that lies upside down in the content's memory has the content's alpha") {
  const Fixture f;
  const Look look = f.stylizer.analyze(pixels_of(photo(16, 16, 2)));
  std::vector<std::uint8_t> rgba(std::size_t{12} * 10 * 4);
  for (std::size_t i = 0; i < rgba.size(); ++i) {
    rgba[i] = static_cast<std::uint8_t>(2 * (i / 4) + i % 4);
  }
  const std::vector<std::uint8_t> before = rgba;
  const Pixels content(rgba.data(), 12, 10, SampleType::UInt8, PixelOrder::RGBA);
  std::vector<std::uint8_t> expected(rgba.size());
  for (const double strength : {0.0, 1.0}) {
    rgba = before;
    ApplyOptions options = without_smoothing();
    options.strength = strength;
    f.stylizer.apply(content, look, {expected.data(), 12, 10, SampleType::UInt8, PixelOrder::RGBA}, {}, options);
    MutablePixels turned(rgba.data() + Index{11} * 40, 12, 10, SampleType::UInt8, PixelOrder::RGBA);
    turned.row_stride = -40;
    f.stylizer.apply(content, look, turned, {}, options);
    for (std::ptrdiff_t y = 0; y < 12; ++y) {
      CHECK(std::equal(rgba.begin() + (11 - y) * 40, rgba.begin() + (12 - y) * 40, expected.begin() + y * 40));
    }
  }
}

TEST_CASE("with masks each label takes its look from its own, and the rest keeps its own") {
  const Fixture f;
  Image style = photo(16, 32, 2);
  std::vector<std::uint8_t> style_labels(std::size_t{16} * 32);
  for (Index i = 0; i < Index{16} * 32; ++i) {
    const bool right = i % 32 >= 16;
    style_labels[static_cast<std::size_t>(i)] = right ? 2 : 1;
    style.data()[3 * i + (right ? 0 : 2)] *= 0.1F;  // left without blue, right without red
  }
  Image const content = photo(16, 48, 3);
  std::vector<std::uint8_t> content_labels(std::size_t{16} * 48);
  for (Index i = 0; i < Index{16} * 48; ++i) {
    content_labels[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(1 + i % 48 / 16);
  }
  const Look look = f.stylizer.analyze(pixels_of(style), label_map(style_labels.data(), LabelType::UInt8, 16, 32));
  CHECK(look.masked);
  CHECK(look.labels.size() == 2);
  Image found(16, 48, 3);
  const Report report =
      f.stylizer.apply(pixels_of(content), look, {found.data(), 16, 48},
                       label_map(content_labels.data(), LabelType::UInt8, 16, 48), without_smoothing());
  CHECK(report.labels == std::vector<std::int64_t>{1, 2});
  CHECK(report.kept_labels == std::vector<std::int64_t>{3});
  const auto mean = [&](const Image& image, Index first, Index channel) {
    double sum = 0.0;
    for (Index y = 0; y < 16; ++y) {
      for (Index x = first; x < first + 16; ++x) {
        sum += static_cast<double>(image.data()[(y * 48 + x) * 3 + channel]) / 256.0;
      }
    }
    return sum;
  };
  CHECK(mean(found, 0, 0) > 2.0 * mean(found, 0, 2));
  CHECK(mean(found, 16, 2) > 2.0 * mean(found, 16, 0));
  for (Index c = 0; c < 3; ++c) {
    CHECK(mean(found, 32, c) ==
          doctest::Approx(mean(content, 32, c)).epsilon(0.02));  // the gamut may compress a little
  }
}

TEST_CASE("a learned map of colours comes from content and thumbnail, by strength") {
  const Fixture f(true);
  const Image content = constant_image(12, 12, 3, 0.25F);
  const Image style = constant_image(16, 16, 3, 0.75F);
  const Look look = f.stylizer.analyze(pixels_of(style));
  REQUIRE(look.thumbnail.size() == 48);
  CHECK(look.thumbnail[7] == doctest::Approx(0.75));
  ApplyOptions options = without_smoothing();
  for (const double strength : {0.5, 1.0}) {
    options.strength = strength;
    const Image found = apply(f.stylizer, content, look, options);
    // The estimator moves the mean by a half; the level after it moves half of what is left.
    const double coloured = 0.25 + 0.5 * strength;
    const double expected = coloured + 0.5 * strength * (0.75 - coloured);
    CHECK(static_cast<double>(found.data()[100]) == doctest::Approx(expected).epsilon(1e-4));
  }
  Look without = look;
  without.thumbnail.clear();
  CHECK_THROWS_AS(apply(f.stylizer, content, without), Error);
}

TEST_CASE("a learned map is held back where the style tells little, unless the caller insists") {
  const Fixture f(true);
  const Image content = constant_image(12, 12, 3, 0.25F);
  const Image style = constant_image(16, 16, 3, 0.75F);
  const Look look = f.stylizer.analyze(pixels_of(style));
  struct Case {
    float result_error;  // dB; untouched it is -20
    bool insist;
    double fit;
    double applied;
  };
  for (const Case& given :
       {Case{-30.0F, false, 0.9, 1.0}, Case{-20.9691F, false, 0.2, 0.4}, Case{-19.0F, false, 0.0, 0.0},
        Case{-30.0F, true, 0.9, 1.0 / 0.9}, Case{-20.9691F, true, 0.2, 2.0}}) {
    CAPTURE(given.result_error);
    CAPTURE(given.insist);
    f.runtime->behaviour->result_error = given.result_error;
    ApplyOptions options = without_smoothing();
    options.insist = given.insist;
    Image result(12, 12, 3);
    const Report report = f.stylizer.apply(pixels_of(content), look, {result.data(), 12, 12}, {}, options);
    REQUIRE(report.look_fit);
    const LookFit found = report.look_fit.value_or(LookFit{});
    CHECK(found.untouched_error == doctest::Approx(0.1));
    CHECK(found.expected_error == doctest::Approx(std::pow(10.0, static_cast<double>(given.result_error) / 20.0)));
    CHECK(found.fit == doctest::Approx(given.fit).epsilon(1e-4));
    CHECK(found.applied_strength == doctest::Approx(given.applied).epsilon(1e-4));
    // The estimator moves the mean by a half; the level after it moves half of what is left.
    const double coloured = 0.25 + 0.5 * given.applied;
    const double expected = std::min(1.0, coloured + 0.5 * (0.75 - coloured));
    CHECK(static_cast<double>(result.data()[100]) == doctest::Approx(expected).epsilon(1e-4));
  }
  f.runtime->behaviour->result_error = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(apply(f.stylizer, content, look), Error);
}

TEST_CASE("a style without colours leaves none, one with a tint leaves the tint") {
  const Fixture f;
  const Image content = photo(40, 60, 1);
  Image style = photo(30, 40, 2);
  for (Index i = 0; i < Index{30} * 40; ++i) {
    std::fill_n(style.data() + 3 * i + 1, 2, style.data()[3 * i]);
  }
  const Image grey = apply(f.stylizer, content, f.stylizer.analyze(pixels_of(style)));
  ApplyOptions half;
  half.strength = 0.5;
  const Image between = apply(f.stylizer, content, f.stylizer.analyze(pixels_of(style)), half);
  float largest = 0.0F;
  float between_largest = 0.0F;
  for (Index i = 0; i < Index{40} * 60; ++i) {
    const auto spread = [i](const Image& image) {
      const float* p = image.data() + 3 * i;
      return std::max({p[0], p[1], p[2]}) - std::min({p[0], p[1], p[2]});
    };
    largest = std::max(largest, spread(grey));
    between_largest = std::max(between_largest, spread(between));
  }
  CHECK(largest < 2e-3F);  // what smoothing's and detail's rounding leaves
  CHECK(between_largest > 0.02F);
  for (Index i = 0; i < Index{30} * 40; ++i) {
    style.data()[3 * i] = std::min(1.0F, style.data()[3 * i] + 0.03F);
  }
  const Image tinted = apply(f.stylizer, content, f.stylizer.analyze(pixels_of(style)));
  double red = 0.0;
  for (Index i = 0; i < Index{40} * 60; ++i) {
    red += static_cast<double>(tinted.data()[3 * i] - tinted.data()[3 * i + 1]) / (40.0 * 60.0);
  }
  CHECK(red > 0.01);
}

TEST_CASE("the two halves give what one call gives, and a report that tells the sizes") {
  const Fixture f;
  const Image content = photo(400, 300, 1);
  const Look look = f.stylizer.analyze(pixels_of(photo(30, 40, 2)));
  const Image expected = apply(f.stylizer, content, look);
  Stylizer::Restyled half_way = f.stylizer.restyle(pixels_of(content), look);
  Image found(400, 300, 3);
  const Report report = f.stylizer.finish(std::move(half_way), {found.data(), 400, 300});
  CHECK(equal(found.view(), expected.view()));
  CHECK(report.working_size.height == 256);
  CHECK(report.working_size.width == 192);
  CHECK(report.content_size.height == 400);
  CHECK(report.smoothing == "closed-form");
  REQUIRE(report.solver);
  CHECK(report.solver.value_or(SmoothingInfo{0, 1.0, 0.0, false}).converged);
  REQUIRE(report.stages.size() == 6);
  CHECK(report.stages[3].name == "smoothing");
  // NOLINTNEXTLINE(bugprone-use-after-move): a photo that was finished is refused
  CHECK_THROWS_AS(f.stylizer.finish(std::move(half_way), {found.data(), 400, 300}), Error);
}

TEST_CASE("threads share one Stylizer, and two Stylizers run at once") {
  const Fixture one;
  const Fixture other;
  const Image content = photo(120, 90, 1);
  const Look look = one.stylizer.analyze(pixels_of(photo(40, 40, 2)));
  const Image expected = apply(one.stylizer, content, look);
  std::vector<int> same(4);
  std::vector<std::thread> threads;
  threads.reserve(same.size());
  for (std::size_t t = 0; t < same.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 3; ++round) {
        const Stylizer& stylizer = t % 2 == 0 ? one.stylizer : other.stylizer;
        same[t] += equal(apply(stylizer, content, look).view(), expected.view()) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(same == std::vector<int>(4, 3));
}

TEST_CASE("misuse gets one error that names it") {
  const Fixture f;
  const Image content = photo(8, 8, 1);
  const Look look = f.stylizer.analyze(pixels_of(content));
  Image result(8, 8, 3);
  const MutablePixels out(result.data(), 8, 8);
  const auto message = [&](const auto& call) -> std::string {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  CHECK(message([&] { f.stylizer.apply(pixels_of(content), look, {result.data(), 8, 7}); }) ==
        "the result must have the content's size, got 8 x 7 for a content of 8 x 8");
  ApplyOptions strong;
  strong.strength = 1.5;
  CHECK(message([&] { f.stylizer.apply(pixels_of(content), look, out, {}, strong); }) ==
        "strength must lie between 0 and 1, got 1.5");
  const std::vector<std::uint8_t> labels(64);
  const MaskView mask = label_map(labels.data(), LabelType::UInt8, 8, 8);
  CHECK(message([&] { f.stylizer.apply(pixels_of(content), look, out, mask); }) ==
        "the content has a mask but the style has none: give both or neither");
  const Look masked = f.stylizer.analyze(pixels_of(content), mask);
  CHECK(message([&] { f.stylizer.apply(pixels_of(content), masked, out); }) ==
        "the style has a mask but the content has none: give both or neither");
  Look foreign = look;
  foreign.fingerprint = std::string(64, 'a');
  CHECK(message([&] { f.stylizer.apply(pixels_of(content), foreign, out); }).find("does not fit 'plain'") !=
        std::string::npos);
  Look thin = look;
  thin.labels[whole_photo].statistics.pop_back();
  CHECK(message([&] { f.stylizer.apply(pixels_of(content), thin, out); }).find("do not fit the model") !=
        std::string::npos);
  f.runtime->behaviour->fails = true;
  CHECK(message([&] { f.stylizer.apply(pixels_of(content), look, out); }) ==
        "the network failed on cpu: as it was told to");
}
