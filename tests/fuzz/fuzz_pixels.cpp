// SPDX-License-Identifier: Apache-2.0
//
// Any view of pixels or masks that lies within its memory is read, or refused with one error. The memory is no larger
// than the view, so that the address sanitizer sees every byte beyond it.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "fastphoto/error.h"
#include "fastphoto/labels.h"
#include "fastphoto/pixels.h"

namespace {

using fastphoto::Index;

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

/// Memory for a view, from its first byte to its last.
struct Memory {
  std::unique_ptr<char[]> bytes;
  char* first = nullptr;  ///< the sample at row, column and channel 0
};

struct Axis {
  Index extent;
  Index stride;
};

Memory memory_for(FuzzedDataProvider& input, const std::vector<Axis>& axes, Index sample_bytes) {
  Index before = 0;
  Index after = sample_bytes;
  for (const Axis& axis : axes) {
    const Index reach = std::max<Index>(axis.extent - 1, 0) * axis.stride;
    before = std::max<Index>(before, 0) + std::max<Index>(-reach, 0);
    after += std::max<Index>(reach, 0);
  }
  Memory memory;
  memory.bytes = std::make_unique<char[]>(static_cast<std::size_t>(before + after));
  const std::vector<std::uint8_t> content = input.ConsumeBytes<std::uint8_t>(static_cast<std::size_t>(before + after));
  std::copy(content.begin(), content.end(), memory.bytes.get());
  memory.first = memory.bytes.get() + before;
  return memory;
}

Index extent(FuzzedDataProvider& input) { return input.ConsumeIntegralInRange<Index>(-1, 12); }
Index stride(FuzzedDataProvider& input) { return input.ConsumeIntegralInRange<Index>(-70, 70); }

/// A positive size: where a photo is asked for that a mask belongs to.
Index size(FuzzedDataProvider& input) { return input.ConsumeIntegralInRange<Index>(1, 20); }

template <class Call>
void try_out(const Call& call) {
  try {
    call();
  } catch (const fastphoto::Error& error) {
    require(error.kind() == fastphoto::ErrorKind::InvalidArgument);
  }
}

void fuzz_pixels(FuzzedDataProvider& input) {
  fastphoto::MutablePixels pixels;
  pixels.height = extent(input);
  pixels.width = extent(input);
  pixels.type = input.PickValueInArray(
      {fastphoto::SampleType::Float32, fastphoto::SampleType::UInt8, fastphoto::SampleType::UInt16});
  pixels.order = input.PickValueInArray({fastphoto::PixelOrder::RGB, fastphoto::PixelOrder::RGBA,
                                         fastphoto::PixelOrder::BGR, fastphoto::PixelOrder::BGRA});
  pixels.row_stride = stride(input);
  pixels.pixel_stride = stride(input);
  pixels.sample_stride = stride(input);
  const std::vector<Axis> axes = {{pixels.height, pixels.row_stride},
                                  {pixels.width, pixels.pixel_stride},
                                  {samples_per_pixel(pixels.order), pixels.sample_stride}};
  const Memory memory = memory_for(input, axes, sample_size(pixels.type));
  pixels.data = input.ConsumeBool() ? memory.first : nullptr;

  fastphoto::Pixels source;
  source.data = pixels.data;
  source.height = pixels.height;
  source.width = pixels.width;
  source.type = pixels.type;
  source.order = pixels.order;
  source.row_stride = pixels.row_stride;
  source.pixel_stride = pixels.pixel_stride;
  source.sample_stride = pixels.sample_stride;
  try_out([&] {
    const fastphoto::Image photo = fastphoto::read_pixels(source, "content", 1);
    require(photo.height() == pixels.height && photo.width() == pixels.width && photo.channels() == 3);
    for (Index i = 0; i < photo.height() * photo.width() * 3; ++i) {
      require(photo.data()[i] >= 0.0F && photo.data()[i] <= 1.0F);
    }
    fastphoto::write_pixels(photo.view(), input.ConsumeBool() ? source : fastphoto::Pixels(), pixels, 1);
  });
}

void check_weights(const fastphoto::LabelWeights& found, Index height, Index width) {
  const auto labels = static_cast<Index>(found.labels.size());
  require(std::is_sorted(found.labels.begin(), found.labels.end()) && labels <= 256);
  require(found.weights.height() == height && found.weights.width() == width && found.weights.channels() == labels);
  for (Index i = 0; i < height * width * labels; ++i) {
    require(std::isfinite(found.weights.data()[i]) && found.weights.data()[i] >= 0.0F);
  }
  require(found.areas().size() == found.labels.size());
  require(found.select(found.labels).channels() == labels + 1);
}

void fuzz_label_map(FuzzedDataProvider& input) {
  fastphoto::MaskView mask;
  mask.type =
      input.PickValueInArray({fastphoto::LabelType::UInt8, fastphoto::LabelType::Int32, fastphoto::LabelType::Int64});
  mask.height = extent(input);
  mask.width = extent(input);
  mask.row_stride = stride(input);
  mask.column_stride = stride(input);
  const Index bytes = mask.type == fastphoto::LabelType::UInt8 ? 1 : mask.type == fastphoto::LabelType::Int32 ? 4 : 8;
  const Index height = size(input);
  const Index width = size(input);
  const Memory memory = memory_for(input, {{mask.height, mask.row_stride}, {mask.width, mask.column_stride}}, bytes);
  mask.labels = memory.first;
  try_out([&] { check_weights(fastphoto::label_weights(mask, height, width, "mask"), height, width); });
}

void fuzz_soft_weights(FuzzedDataProvider& input) {
  fastphoto::MaskView mask;
  fastphoto::ImageView& weights = mask.weights;
  weights.height = extent(input);
  weights.width = extent(input);
  weights.channels = extent(input);
  weights.row_stride = stride(input);
  weights.column_stride = stride(input);
  weights.channel_stride = stride(input);
  const Index height = size(input);
  const Index width = size(input);
  const Memory memory = memory_for(input,
                                   {{weights.height, weights.row_stride},
                                    {weights.width, weights.column_stride},
                                    {weights.channels, weights.channel_stride}},
                                   sizeof(float));
  weights.data = reinterpret_cast<const float*>(memory.first);
  try_out([&] { check_weights(fastphoto::label_weights(mask, height, width, "mask"), height, width); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  switch (input.ConsumeIntegralInRange(0, 2)) {
    case 0:
      fuzz_pixels(input);
      break;
    case 1:
      fuzz_label_map(input);
      break;
    default:
      fuzz_soft_weights(input);
  }
  return 0;
}
