// SPDX-License-Identifier: Apache-2.0
//
// The way down the chain: a graph, the content's statistics, the maps that align them, the next graph.
#include "engine/chain.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/read_rows.h"
#include "engine/graph_tensors.h"
#include "engine/padding.h"
#include "fastphoto/error.h"

namespace fastphoto {

namespace {

const char* const expected_errors = "expected_errors";

/// From 10 log10 of the mean squares that are expected of the untouched content and of the result.
LookFit look_fit(double untouched, double result) {
  if (!std::isfinite(untouched) || !std::isfinite(result)) {
    throw Error(ErrorKind::Network, "the estimator gave expected errors that are no numbers");
  }
  LookFit found;
  found.untouched_error = std::pow(10.0, untouched / 20.0);
  found.expected_error = std::pow(10.0, result / 20.0);
  found.fit = std::clamp(1.0 - std::pow(10.0, (result - untouched) / 10.0), 0.0, 1.0);
  return found;
}

/// 1 x C x H x W.
std::vector<std::int64_t> shape_of(const Image& image) { return {1, image.channels(), image.height(), image.width()}; }

}  // namespace

/// The weights of labels at one stride; one weight for all pixels of a photo without a mask.
struct Chain::LabelTensor {
  Image samples;  // planar
  std::vector<std::int64_t> shape = {1, 1, 1, 1};

  GraphInput as(std::string name) const {
    static constexpr float one = 1.0F;
    return {std::move(name), samples.data() == nullptr ? &one : samples.data(), shape, nullptr};
  }
};

Chain::Chain(const Bundle& bundle, std::shared_ptr<Runtime> runtime) : bundle_(bundle), runtime_(std::move(runtime)) {
  const Manifest& manifest = bundle.manifest();
  const auto open = [&](const ModelFile& entry) {
    try {
      graphs_.push_back(runtime_->open(entry.file, bundle.read(entry)));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Model) {
        throw;
      }
      const std::string where = "model '" + manifest.name + "': ";
      const std::string message = error.what();
      throw Error(ErrorKind::Model, message.rfind(where, 0) == 0 ? message : where + message);
    }
  };
  open(manifest.style);
  for (const Segment& segment : manifest.segments) {
    open(segment);
  }
  if (manifest.estimator) {
    open(*manifest.estimator);
  }
  check_tensors(manifest, graphs_);
  step_names_.reserve(manifest.alignments.size() + 1);
  step_names_.emplace_back("statistics of the colours");
  for (const Alignment& alignment : manifest.alignments) {
    step_names_.push_back("alignment of " + alignment.name);
  }
}

std::vector<ChainAlignment::ByLabel> Chain::style_statistics(const ImageView& photo, const ImageView& labels,
                                                             StepProgress& progress) const {
  const std::vector<Alignment>& alignments = bundle_.manifest().alignments;
  progress.begin("statistics of the style");
  const Image image = photo_tensor(photo);
  std::vector<LabelTensor> weights;
  weights.reserve(alignments.size());
  for (const Alignment& alignment : alignments) {
    weights.push_back(label_tensor(labels, alignment.stride));
  }
  std::vector<GraphInput> inputs = {{"image", image.data(), shape_of(image), nullptr}};
  std::vector<GraphOutput> outputs;
  for (std::size_t i = 0; i < alignments.size(); ++i) {
    inputs.push_back(weights[i].as("labels_" + alignments[i].name));
    outputs.push_back({"mean_" + alignments[i].name, false});
    outputs.push_back({"covariance_" + alignments[i].name, false});
  }
  const auto found = progress.run(*graphs_[0], inputs, outputs, {});
  std::vector<ChainAlignment::ByLabel> result;
  result.reserve(alignments.size());
  for (std::size_t i = 0; i < alignments.size(); ++i) {
    result.push_back(statistics(*found[2 * i], *found[2 * i + 1], alignments[i]));
  }
  return result;
}

Image Chain::run(const ImageView& photo, const ImageView& labels, ChainAlignment& align, StepProgress& progress) const {
  const Manifest& manifest = bundle_.manifest();
  // What an arena keeps of a photo of the model's own size is little. What it keeps of a larger one is missed by what
  // comes after the network.
  const bool large = std::max(photo.height, photo.width) > manifest.working_side;
  const Image image = photo_tensor(photo);
  const std::vector<std::int64_t> shape = shape_of(image);

  std::vector<std::shared_ptr<Tensor>> state;  // features, what the next segment carries, mean, covariance
  AffineMaps maps(0, 0);
  LabelTensor weights;
  LabelTensor next_weights;
  for (std::size_t i = 0; i < manifest.segments.size(); ++i) {
    const Segment& segment = manifest.segments[i];
    const bool last = i == manifest.alignments.size();
    progress.begin(step_names_[i].c_str());

    std::vector<GraphInput> inputs;
    if (i == 0) {
      inputs.push_back({"image", image.data(), shape, nullptr});
    } else {
      maps = align.maps(i - 1, statistics(**(state.end() - 2), *state.back(), manifest.alignments[i - 1]));
      inputs.push_back({"features", nullptr, {}, state[0]});
      inputs.push_back(weights.as("labels"));
      inputs.push_back({"matrix", maps.matrix.data(), {maps.labels, maps.channels, maps.channels}, nullptr});
      inputs.push_back({"offset", maps.offset.data(), {maps.labels, maps.channels}, nullptr});
      for (std::size_t k = 0; k < segment.carry.size(); ++k) {
        inputs.push_back({segment.carry[k], nullptr, {}, state[1 + k]});
      }
    }

    std::vector<GraphOutput> outputs;
    if (last) {
      outputs.push_back({"photo", false});
    } else {
      next_weights = label_tensor(labels, manifest.alignments[i].stride);
      inputs.push_back(next_weights.as("next_labels"));
      outputs.push_back({"features_out", true});
      for (const std::string& name : manifest.segments[i + 1].carry) {
        outputs.push_back({name + "_out", true});
      }
      outputs.push_back({"mean", false});
      outputs.push_back({"covariance", false});
    }
    RunOptions options;
    options.shrink_memory = last && large;
    state = progress.run(*graphs_[1 + i], inputs, outputs, options);
    weights = std::exchange(next_weights, LabelTensor());
  }

  const std::vector<std::int64_t> found = state[0]->shape();
  if (found != shape) {
    throw Error(ErrorKind::Model, "model '" + manifest.name + "': a photo of " + std::to_string(shape[2]) + " x " +
                                      std::to_string(shape[3]) + " came back with another shape");
  }
  Image result(photo.height, photo.width, 3);
  const float* const planes = state[0]->data();
  const Index plane = shape[2] * shape[3];
  const Index margin = manifest.margin;
  for (Index y = 0; y < photo.height; ++y) {
    float* const to = result.data() + y * photo.width * 3;
    const float* const red = planes + (y + margin) * shape[3] + margin;
    const float* const green = red + plane;
    const float* const blue = green + plane;
    for (Index x = 0; x < photo.width; ++x) {
      to[3 * x] = red[x];
      to[3 * x + 1] = green[x];
      to[3 * x + 2] = blue[x];
    }
  }
  return result;
}

Estimate Chain::estimate(const std::vector<float>& content, const std::vector<float>& style,
                         StepProgress& progress) const {
  const std::optional<Estimator>& given = bundle_.manifest().estimator;
  if (!given) {
    throw Error(ErrorKind::Model, "model '" + bundle_.manifest().name + "' has no estimator");
  }
  const Estimator& estimator = *given;
  const std::vector<std::int64_t> shape = {1, 3, estimator.side, estimator.side};
  const Graph& graph = *graphs_.back();
  std::vector<GraphOutput> outputs = {{"parameters", false}};
  const bool knows_errors = std::any_of(graph.outputs().begin(), graph.outputs().end(),
                                        [](const TensorInfo& output) { return output.name == expected_errors; });
  if (knows_errors) {
    outputs.push_back({expected_errors, false});
  }
  const auto found =
      progress.run(*graphs_.back(),
                   {{"content", content.data(), shape, nullptr}, {"style", style.data(), shape, nullptr}}, outputs, {});
  const Index count = ColourMap::parameter_count(estimator.map, estimator.extents);
  if (found[0]->shape() != std::vector<std::int64_t>{1, count}) {
    throw Error(ErrorKind::Model, "model '" + bundle_.manifest().name + "': " + estimator.file +
                                      " gave parameters of another shape than 1 x " + std::to_string(count));
  }
  Estimate estimate{{found[0]->data(), found[0]->data() + count}, {}};
  if (knows_errors) {
    if (found[1]->shape() != std::vector<std::int64_t>{1, 2}) {
      throw Error(ErrorKind::Model, "model '" + bundle_.manifest().name + "': " + estimator.file +
                                        " gave expected_errors of another shape than 1 x 2");
    }
    estimate.look_fit = look_fit(found[1]->data()[0], found[1]->data()[1]);
  }
  return estimate;
}

/// Planes of the padded photo.
Image Chain::photo_tensor(const ImageView& photo) const {
  const Padding padding(bundle_.manifest(), {photo.height, photo.width});
  const auto height = static_cast<Index>(padding.rows.size());
  const auto width = static_cast<Index>(padding.columns.size());
  Image result(height, width, 3, Layout::Planar);
  std::vector<float> scratch(static_cast<std::size_t>(3 * photo.width));
  for (Index y = 0; y < height; ++y) {
    const float* const row = interleaved_row(photo, padding.rows[static_cast<std::size_t>(y)], scratch.data());
    float* const red = result.data() + y * width;
    float* const green = red + height * width;
    float* const blue = green + height * width;
    for (Index x = 0; x < width; ++x) {
      const float* const pixel = row + 3 * padding.columns[static_cast<std::size_t>(x)];
      red[x] = pixel[0];
      green[x] = pixel[1];
      blue[x] = pixel[2];
    }
  }
  return result;
}

/// K x 1 x h x w: each feature's label weights are the means over the photo pixels it stands for.
Chain::LabelTensor Chain::label_tensor(const ImageView& labels, Index stride) const {
  LabelTensor result;
  if (labels.data == nullptr) {
    return result;
  }
  const Padding padding(bundle_.manifest(), {labels.height, labels.width});
  const auto height = static_cast<Index>(padding.rows.size());
  const auto width = static_cast<Index>(padding.columns.size());
  result.shape = {labels.channels, 1, height / stride, width / stride};
  result.samples = Image(height / stride, width / stride, labels.channels, Layout::Planar);
  std::fill_n(result.samples.data(), result.samples.height() * result.samples.width() * labels.channels, 0.0F);
  const float share = 1.0F / static_cast<float>(stride * stride);
  for (Index k = 0; k < labels.channels; ++k) {
    for (Index y = 0; y < height; ++y) {
      float* to = result.samples.data() + (k * (height / stride) + y / stride) * (width / stride);
      const Index row = padding.rows[static_cast<std::size_t>(y)];
      for (Index x = 0; x < width; ++x) {
        to[x / stride] += share * labels.at(row, padding.columns[static_cast<std::size_t>(x)], k);
      }
    }
  }
  return result;
}

ChainAlignment::ByLabel Chain::statistics(const Tensor& mean, const Tensor& covariance,
                                          const Alignment& alignment) const {
  const Index c = alignment.channels;
  const std::vector<std::int64_t> shape = mean.shape();
  const std::vector<std::int64_t> square = covariance.shape();
  if (shape.size() != 2 || square.size() != 3 || shape[1] != c || square[0] != shape[0] || square[1] != c ||
      square[2] != c) {
    throw Error(ErrorKind::Model, "model '" + bundle_.manifest().name + "': '" + alignment.name + "' has " +
                                      (shape.empty() ? "no" : std::to_string(shape.back())) +
                                      " channels, bundle.json says " + std::to_string(c));
  }
  ChainAlignment::ByLabel result;
  for (Index k = 0; k < shape[0]; ++k) {
    const Vector means = Eigen::Map<const Eigen::VectorXf>(mean.data() + k * c, c).cast<double>();
    const Matrix products = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
                                covariance.data() + k * c * c, c, c)
                                .cast<double>();
    // Rounding in the graph leaves covariances symmetric to the last bits only.
    const Matrix symmetric = (products + products.transpose()) / 2.0;
    try {
      result.emplace_back(means, symmetric);
    } catch (const Error& error) {
      throw Error(ErrorKind::Network, "the network gave no statistics at '" + alignment.name + "': " + error.what());
    }
  }
  return result;
}

}  // namespace fastphoto
