// SPDX-License-Identifier: Apache-2.0
//
// Photos that are smoothed at a smaller size, and previews, over the plain chain.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "fastphoto/engine/stylizer.h"
#include "fastphoto/error.h"
#include "fastphoto/resample.h"
#include "photo.h"
#include "plain_runtime.h"
#include "thread_sanitizer.h"

using namespace fastphoto;
using namespace fastphoto::test;

namespace {

// Drafts of larger photos are smoothed at a smaller size.
constexpr Index height = 620;
constexpr Index width = 850;

struct Fixture {
  PlainBundle bundle;
  std::shared_ptr<PlainRuntime> runtime = std::make_shared<PlainRuntime>();
  Stylizer stylizer{bundle.folder(), runtime};
  Image content = photo(height, width, 1);
  Look look = stylizer.analyze({content.data(), 200, 300});

  Pixels pixels() const { return {content.data(), height, width}; }
  Report apply(Image& result, Quality quality, Threads threads = {}) const {
    ApplyOptions options;
    options.quality = quality;
    options.threads = threads;
    return stylizer.apply(pixels(), look, {result.data(), result.height(), result.width()}, {}, options);
  }
};

double mean_difference(const Image& a, const Image& b) {
  double sum = 0.0;
  const Index samples = a.view().pixels() * a.channels();
  for (Index i = 0; i < samples; ++i) {
    sum += std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]));
  }
  return sum / static_cast<double>(samples);
}

}  // namespace

TEST_CASE("a draft is smoothed at a smaller size and near the exact result" * doctest::skip(thread_sanitizer)) {
  const Fixture f;
  Image exact(height, width, 3);
  Image draft(height, width, 3);
  CHECK(f.apply(exact, Quality::Exact).expected_error == 0.0);
  const Report report = f.apply(draft, Quality::Draft);
  CHECK(report.smoothing_size.height < height);
  CHECK(report.smoothing_size.width < width);
  CHECK(report.expected_error > 0.0);
  CHECK(mean_difference(exact, draft) < 1.0 / 255.0);
  Image balanced(height, width, 3);
  CHECK(f.apply(balanced, Quality::Balanced).smoothing_size.height == height);  // not large enough
  CHECK(mean_difference(exact, balanced) == 0.0);
}

TEST_CASE("threads, halves and the caller's own memory give the same draft") {
  const Fixture f;
  Image expected(height, width, 3);
  f.apply(expected, Quality::Draft, 1);
  Image found(height, width, 3);
  f.apply(found, Quality::Draft, 3);
  CHECK(mean_difference(expected, found) == 0.0);
  if (thread_sanitizer) {
    return;  // what follows adds no threads
  }

  ApplyOptions options;
  options.quality = Quality::Draft;
  Stylizer::Restyled half_way = [&] {
    const Image gone = photo(height, width, 1);  // the content need not stay
    return f.stylizer.restyle({gone.data(), height, width}, f.look, {}, options);
  }();
  f.stylizer.finish(std::move(half_way), {found.data(), height, width});
  CHECK(mean_difference(expected, found) == 0.0);

  Image own = photo(height, width, 1);
  f.stylizer.apply({own.data(), height, width}, f.look, {own.data(), height, width}, {}, options);
  CHECK(mean_difference(expected, own) == 0.0);

  // With alpha, in place.
  std::vector<std::uint8_t> rgba(static_cast<std::size_t>(height * width * 4));
  for (Index i = 0; i < height * width; ++i) {
    for (Index c = 0; c < 3; ++c) {
      rgba[static_cast<std::size_t>(4 * i + c)] =
          static_cast<std::uint8_t>(std::lround(255.0F * f.content.data()[3 * i + c]));
    }
    rgba[static_cast<std::size_t>(4 * i + 3)] = static_cast<std::uint8_t>(i % 251);
  }
  f.stylizer.apply({rgba.data(), height, width, SampleType::UInt8, PixelOrder::RGBA}, f.look,
                   {rgba.data(), height, width, SampleType::UInt8, PixelOrder::RGBA}, {}, options);
  double sum = 0.0;
  bool keeps_alpha = true;
  for (Index i = 0; i < height * width; ++i) {
    for (Index c = 0; c < 3; ++c) {
      sum += std::abs(static_cast<double>(rgba[static_cast<std::size_t>(4 * i + c)]) -
                      255.0 * static_cast<double>(expected.data()[3 * i + c]));
    }
    keeps_alpha = keeps_alpha && rgba[static_cast<std::size_t>(4 * i + 3)] == i % 251;
  }
  CHECK(sum / static_cast<double>(3 * height * width) < 1.0);  // the content and the result were rounded
  CHECK(keeps_alpha);
}

TEST_CASE("a preview has the size that was asked for and looks like the result" * doctest::skip(thread_sanitizer)) {
  const Fixture f;
  Image exact(height, width, 3);
  f.apply(exact, Quality::Exact);
  const Size size = Stylizer::preview_size({height, width}, 300);
  CHECK(size.width == 300);
  CHECK(size.height == 219);
  Image preview(size.height, size.width, 3);
  const Report report = f.stylizer.preview(f.pixels(), f.look, {preview.data(), size.height, size.width});
  CHECK(report.content_size.width == width);
  CHECK(mean_difference(resize(exact.view(), size.height, size.width), preview) < 1.5 / 255.0);
  CHECK(Stylizer::preview_size({30, 40}, 1024).width == 40);
  CHECK_THROWS_AS(Stylizer::preview_size({30, 40}, 0), Error);
  Image large(height + 1, width, 3);
  CHECK_THROWS_AS(f.stylizer.preview(f.pixels(), f.look, {large.data(), height + 1, width}), Error);
}
