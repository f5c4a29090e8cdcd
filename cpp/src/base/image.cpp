// SPDX-License-Identifier: Apache-2.0
//
// Where an image's samples come from: the page pool of the engine that is at work, else the allocator.
#include "fastphoto/image.h"

#include <algorithm>

#include "base/page_pool.h"

namespace fastphoto {

namespace {
// Smaller images are the allocator's, in which they cost no search.
constexpr std::size_t least_pooled = std::size_t{1} << 18;
}  // namespace

void FreeImage::operator()(float* samples) const noexcept {
  if (region != nullptr) {
    PagePool::give_back(samples, static_cast<Region*>(region));
  } else {
    delete[] samples;
  }
}

Image::Image(Index height, Index width, Index channels, Layout layout) {
  const auto count = static_cast<std::size_t>(height * width * channels);
  PagePool* const pool = PagePool::current();
  if (pool != nullptr && count * sizeof(float) >= least_pooled) {
    Region* region = nullptr;
    if (void* const memory = pool->take(count * sizeof(float), Lifetime::Long, region, PagePool::Clear::No);
        memory != nullptr) {
      samples_ = {static_cast<float*>(memory), FreeImage{region}};
    }
  }
  if (samples_ == nullptr) {
    samples_ = {new float[count], FreeImage{}};
  }
  view_ = layout == Layout::Interleaved ? ImageView(samples_.get(), height, width, channels)
                                        : feature_view(samples_.get(), channels, height, width);
}

float* Image::release() {
  const auto count = static_cast<std::size_t>(view_.height * view_.width * view_.channels);
  view_ = ImageView();
  if (samples_.get_deleter().region == nullptr) {
    return samples_.release();
  }
  auto copy = std::make_unique<float[]>(count);
  std::copy_n(samples_.get(), count, copy.get());
  samples_.reset();
  return copy.release();
}

}  // namespace fastphoto
