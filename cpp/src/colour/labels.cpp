// SPDX-License-Identifier: Apache-2.0
//
// Label maps and soft weights, resized to their photo, as weights of labels.
#include "fastphoto/labels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ios>
#include <locale>
#include <sstream>

#include "base/check.h"
#include "fastphoto/error.h"

namespace fastphoto {

namespace {

constexpr Index most_labels = 256;
// Of the sum of soft weights above 1: rounding, for instance of weights that were stored in 8 bits.
constexpr double rounding_of_sums = 1e-3;

Index label_size(LabelType type) { return type == LabelType::UInt8 ? 1 : type == LabelType::Int32 ? 4 : 8; }

template <class Label>
std::int64_t read_as(const char* from) {
  Label label;
  std::memcpy(&label, from, sizeof(label));  // may be misaligned
  return static_cast<std::int64_t>(label);
}

std::int64_t label_at(const MaskView& mask, Index row, Index column) {
  const char* const from = static_cast<const char*>(mask.labels) + row * mask.row_stride + column * mask.column_stride;
  switch (mask.type) {
    case LabelType::UInt8:
      return read_as<std::uint8_t>(from);
    case LabelType::Int32:
      return read_as<std::int32_t>(from);
    case LabelType::Int64:
      break;
  }
  return read_as<std::int64_t>(from);
}

/// For each of `target` pixels, the place of its centre among `source` pixels.
std::vector<double> centres(Index target, Index source) {
  std::vector<double> places(static_cast<std::size_t>(target));
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = (static_cast<double>(i) + 0.5) * static_cast<double>(source) / static_cast<double>(target);
  }
  return places;
}

[[noreturn]] void refuse_count(const char* name, const std::string& found) {
  throw Error(ErrorKind::InvalidArgument,
              std::string(name) + " must have at most " + std::to_string(most_labels) + " labels, got " + found);
}

LabelWeights from_label_map(const MaskView& mask, Index height, Index width, const char* name) {
  const std::vector<double> rows = centres(height, mask.height);
  const std::vector<double> columns = centres(width, mask.width);
  const auto each_label = [&](const auto& body) {
    Index pixel = 0;
    for (const double row : rows) {
      for (const double column : columns) {
        body(pixel++, label_at(mask, static_cast<Index>(row), static_cast<Index>(column)));
      }
    }
  };

  LabelWeights result;
  std::vector<std::int64_t>& labels = result.labels;
  std::int64_t last = 0;
  each_label([&](Index pixel, std::int64_t label) {
    if (pixel > 0 && label == last) {
      return;  // neighbours mostly have the same
    }
    last = label;
    const auto at = std::lower_bound(labels.begin(), labels.end(), label);
    if (at == labels.end() || *at != label) {
      labels.insert(at, label);
      if (static_cast<Index>(labels.size()) > most_labels) {
        refuse_count(name, "more");
      }
    }
  });

  const auto count = static_cast<Index>(labels.size());
  result.weights = Image(height, width, count, Layout::Planar);
  std::fill_n(result.weights.data(), count * height * width, 0.0F);
  Index plane = 0;
  each_label([&](Index pixel, std::int64_t label) {
    if (labels[static_cast<std::size_t>(plane)] != label) {
      plane = std::lower_bound(labels.begin(), labels.end(), label) - labels.begin();
    }
    result.weights.data()[plane * height * width + pixel] = 1.0F;
  });
  return result;
}

void require_weights(const ImageView& weights, const char* name) {
  for (Index row = 0; row < weights.height; ++row) {
    for (Index column = 0; column < weights.width; ++column) {
      double sum = 0.0;
      bool good = true;
      for (Index k = 0; k < weights.channels; ++k) {
        const float weight = weights.at(row, column, k);
        good = good && weight >= 0.0F;
        sum += static_cast<double>(weight);
      }
      require(good && sum <= 1.0 + rounding_of_sums,
              std::string(name) + ": soft weights must be 0 or more and at most 1 in sum at every pixel");
    }
  }
}

/// Two neighbours on an axis and the share of the second.
struct Between {
  Index low;
  Index high;
  float share;
};

std::vector<Between> between(Index target, Index source) {
  std::vector<Between> pairs;
  pairs.reserve(static_cast<std::size_t>(target));
  for (const double centre : centres(target, source)) {
    const double place = std::clamp(centre - 0.5, 0.0, static_cast<double>(source - 1));
    const auto low = static_cast<Index>(place);
    pairs.push_back({low, std::min(low + 1, source - 1), static_cast<float>(place - static_cast<double>(low))});
  }
  return pairs;
}

float blend(float low, float high, float share) { return low * (1.0F - share) + high * share; }

LabelWeights from_soft_weights(const ImageView& weights, Index height, Index width, const char* name) {
  if (weights.channels > most_labels) {
    refuse_count(name, std::to_string(weights.channels));
  }
  require_weights(weights, name);
  LabelWeights result;
  for (Index k = 0; k < weights.channels; ++k) {
    result.labels.push_back(k);
  }
  result.weights = Image(height, width, weights.channels, Layout::Planar);
  const std::vector<Between> rows = between(height, weights.height);
  const std::vector<Between> columns = between(width, weights.width);
  Index to = 0;
  for (Index k = 0; k < weights.channels; ++k) {
    for (const Between& row : rows) {
      const auto at = [&](Index column) {
        return blend(weights.at(row.low, column, k), weights.at(row.high, column, k), row.share);
      };
      for (const Between& column : columns) {
        result.weights.data()[to++] = blend(at(column.low), at(column.high), column.share);
      }
    }
  }
  return result;
}

/// "1 (50 px), 2 (8 px)"
std::string summary(const std::map<std::int64_t, double>& areas) {
  std::ostringstream text;
  text.imbue(std::locale::classic());  // the host may have set a separator of thousands
  text.precision(0);
  const char* separator = "";
  for (const auto& [label, area] : areas) {
    text << separator << label << " (" << std::fixed << area << " px)";
    separator = ", ";
  }
  return areas.empty() ? "none" : text.str();
}

}  // namespace

MaskView label_map(const void* labels, LabelType type, Index height, Index width) {
  MaskView mask;
  mask.labels = labels;
  mask.type = type;
  mask.height = height;
  mask.width = width;
  mask.column_stride = label_size(type);
  mask.row_stride = width * mask.column_stride;
  return mask;
}

std::vector<double> LabelWeights::areas() const {
  const Index pixels = weights.height() * weights.width();
  std::vector<double> sums;
  for (Index k = 0; k < weights.channels(); ++k) {
    double sum = 0.0;
    std::for_each_n(weights.data() + k * pixels, pixels, [&](float weight) { sum += static_cast<double>(weight); });
    sums.push_back(sum);
  }
  return sums;
}

Image LabelWeights::select(const std::vector<std::int64_t>& chosen) const {
  const Index pixels = weights.height() * weights.width();
  const auto count = static_cast<Index>(chosen.size());
  Image selected(weights.height(), weights.width(), count + 1, Layout::Planar);
  float* const rest = selected.data() + count * pixels;
  std::fill_n(rest, pixels, 0.0F);
  for (Index i = 0; i < count; ++i) {
    const auto at = std::find(labels.begin(), labels.end(), chosen[static_cast<std::size_t>(i)]);
    require(at != labels.end(),
            "label " + std::to_string(chosen[static_cast<std::size_t>(i)]) + " is not one of the mask's labels");
    const float* const from = weights.data() + (at - labels.begin()) * pixels;
    std::copy_n(from, pixels, selected.data() + i * pixels);
    std::transform(rest, rest + pixels, from, rest, [](float sum, float weight) { return sum + weight; });
  }
  std::transform(rest, rest + pixels, rest, [](float sum) { return std::clamp(1.0F - sum, 0.0F, 1.0F); });
  return selected;
}

LabelWeights label_weights(const MaskView& mask, Index height, Index width, const char* name) {
  require(height > 0 && width > 0, std::string(name) + " is wanted at " + std::to_string(height) + " x " +
                                       std::to_string(width) + "; expected at least one pixel");
  require(mask.labels == nullptr || mask.weights.data == nullptr,
          std::string(name) + " must be a label map or soft weights, got both");
  if (mask.labels != nullptr) {
    require(mask.height > 0 && mask.width > 0, std::string(name) + " is empty (" + std::to_string(mask.height) + " x " +
                                                   std::to_string(mask.width) + "); expected at least one pixel");
    return from_label_map(mask, height, width, name);
  }
  const ImageView& weights = mask.weights;
  require(weights.data != nullptr && weights.height > 0 && weights.width > 0 && weights.channels > 0,
          std::string(name) + " is empty (" + shape_text(weights) + "); expected at least one pixel and one label");
  return from_soft_weights(weights, height, width, name);
}

std::vector<std::int64_t> shared_labels(const std::map<std::int64_t, double>& content,
                                        const std::map<std::int64_t, double>& style, const LabelOptions& options) {
  require_option(std::isfinite(options.min_area) && options.min_area >= 0.0, "min_area", options.min_area, "0 or more");
  require_option(options.max_area_ratio > 1.0, "max_area_ratio", options.max_area_ratio, "more than 1");
  std::vector<std::int64_t> shared;
  for (const auto& [label, area] : content) {
    const auto other = style.find(label);
    if (other != style.end() && area > options.min_area && other->second > options.min_area &&
        std::max(area / other->second, other->second / area) < options.max_area_ratio) {
      shared.push_back(label);
    }
  }
  require(!shared.empty(), "the masks have no label in common: content has " + summary(content) + ", style has " +
                               summary(style) + " (a label takes part with more than " + number_text(options.min_area) +
                               " pixels in both and areas within a factor of " + number_text(options.max_area_ratio) +
                               ")");
  return shared;
}

}  // namespace fastphoto
