// SPDX-License-Identifier: Apache-2.0
//
// A runtime whose graphs are a few lines of C++: a chain with two alignments, one on pixels and one on squares of 2 x
// 2, and an estimator that matches mean colours. Its numbers can be worked out by hand.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fastphoto/engine/bundle.h"
#include "fastphoto/engine/runtime.h"
#include "fastphoto/error.h"

namespace fastphoto::test {

/// Samples with a shape.
struct Samples {
  Samples(std::vector<std::int64_t> extents, std::vector<float> numbers)
      : shape(std::move(extents)), samples(std::move(numbers)) {}
  explicit Samples(std::vector<std::int64_t> extents) : shape(std::move(extents)) {
    std::size_t count = 1;
    for (const std::int64_t extent : shape) {
      count *= static_cast<std::size_t>(extent);
    }
    samples.resize(count);
  }

  std::vector<std::int64_t> shape;
  std::vector<float> samples;
};

struct PlainTensor final : Tensor {
  explicit PlainTensor(Samples numbers) : value(std::move(numbers)) {}
  std::vector<std::int64_t> shape() const override { return value.shape; }
  const float* data() const override { return value.samples.data(); }

  Samples value;
};

using Tensors = std::map<std::string, std::shared_ptr<Samples>>;

/// Weighted mean and covariance of 1 x C x h x w features by label (K x 1 x h x w, or 1 x 1 x 1 x 1 for all).
inline void add_statistics(Tensors& out, const Samples& features, const Samples& labels, const std::string& suffix) {
  const auto c = static_cast<std::size_t>(features.shape[1]);
  const auto n = static_cast<std::size_t>(features.shape[2] * features.shape[3]);
  const auto k = static_cast<std::size_t>(labels.shape[0]);
  auto const means =
      std::make_shared<Samples>(std::vector<std::int64_t>{static_cast<std::int64_t>(k), static_cast<std::int64_t>(c)});
  auto const covariances = std::make_shared<Samples>(std::vector<std::int64_t>{
      static_cast<std::int64_t>(k), static_cast<std::int64_t>(c), static_cast<std::int64_t>(c)});
  const bool whole = labels.samples.size() == 1;
  for (std::size_t label = 0; label < k; ++label) {
    const auto weight = [&](std::size_t i) { return whole ? 1.0 : static_cast<double>(labels.samples[label * n + i]); };
    double sum = 0.0;
    std::vector<double> mean(c);
    for (std::size_t i = 0; i < n; ++i) {
      sum += weight(i);
      for (std::size_t a = 0; a < c; ++a) {
        mean[a] += weight(i) * static_cast<double>(features.samples[a * n + i]);
      }
    }
    for (std::size_t a = 0; a < c; ++a) {
      mean[a] /= sum > 0.0 ? sum : 1.0;
      means->samples[label * c + a] = static_cast<float>(mean[a]);
    }
    for (std::size_t a = 0; a < c; ++a) {
      for (std::size_t b = 0; b < c; ++b) {
        double product = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
          product += weight(i) * (static_cast<double>(features.samples[a * n + i]) - mean[a]) *
                     (static_cast<double>(features.samples[b * n + i]) - mean[b]);
        }
        covariances->samples[(label * c + a) * c + b] = static_cast<float>(product / (sum > 0.0 ? sum : 1.0));
      }
    }
  }
  out["mean" + suffix] = means;
  out["covariance" + suffix] = covariances;
}

/// f' = sum_k w_k (T_k f + b_k).
inline Samples aligned(const Samples& features, const Samples& labels, const Samples& matrix, const Samples& offset) {
  Samples result(features.shape);
  const auto c = static_cast<std::size_t>(features.shape[1]);
  const auto n = static_cast<std::size_t>(features.shape[2] * features.shape[3]);
  const bool whole = labels.samples.size() == 1;
  for (std::size_t label = 0; label < static_cast<std::size_t>(labels.shape[0]); ++label) {
    for (std::size_t i = 0; i < n; ++i) {
      const float weight = whole ? 1.0F : labels.samples[label * n + i];
      for (std::size_t a = 0; a < c; ++a) {
        float value = offset.samples[label * c + a];
        for (std::size_t b = 0; b < c; ++b) {
          value += matrix.samples[(label * c + a) * c + b] * features.samples[b * n + i];
        }
        result.samples[a * n + i] += weight * value;
      }
    }
  }
  return result;
}

/// Means of squares of 2 x 2 pixels.
inline Samples halved(const Samples& photo) {
  const std::int64_t h = photo.shape[2] / 2;
  const std::int64_t w = photo.shape[3] / 2;
  Samples result({1, photo.shape[1], h, w});
  for (std::int64_t c = 0; c < photo.shape[1]; ++c) {
    for (std::int64_t y = 0; y < 2 * h; ++y) {
      for (std::int64_t x = 0; x < 2 * w; ++x) {
        result.samples[static_cast<std::size_t>((c * h + y / 2) * w + x / 2)] +=
            0.25F * photo.samples[static_cast<std::size_t>((c * 2 * h + y) * 2 * w + x)];
      }
    }
  }
  return result;
}

/// What the runtime did, and what it is to do.
struct PlainBehaviour {
  std::atomic<int> runs{0};
  std::atomic<int> milliseconds{0};  ///< that each run takes, unless it is stopped
  std::atomic<bool> fails{false};
  std::atomic<float> untouched_error{-20.0F};  ///< that the estimator expects, in dB
  std::atomic<float> result_error{-30.0F};
};

class PlainGraph final : public Graph {
 public:
  PlainGraph(std::string file, std::shared_ptr<PlainBehaviour> behaviour)
      : file_(std::move(file)), behaviour_(std::move(behaviour)) {
    const std::string f = "tensor(float)";
    const TensorInfo image{"image", f, {1, 3, -1, -1}};
    const TensorInfo labels{"labels", f, {-1, 1, -1, -1}};
    const TensorInfo next{"next_labels", f, {-1, 1, -1, -1}};
    const TensorInfo features{"features", f, {1, 3, -1, -1}};
    const TensorInfo matrix{"matrix", f, {-1, 3, 3}};
    const TensorInfo offset{"offset", f, {-1, 3}};
    const TensorInfo features_out{"features_out", f, {1, 3, -1, -1}};
    const TensorInfo mean{"mean", f, {-1, 3}};
    const TensorInfo covariance{"covariance", f, {-1, 3, 3}};
    if (file_ == "style.onnx") {
      inputs_ = {image, {"labels_colours", f, {-1, 1, -1, -1}}, {"labels_squares", f, {-1, 1, -1, -1}}};
      outputs_ = {{"mean_colours", f, {-1, 3}},
                  {"covariance_colours", f, {-1, 3, 3}},
                  {"mean_squares", f, {-1, 3}},
                  {"covariance_squares", f, {-1, 3, 3}}};
    } else if (file_ == "segment_0.onnx") {
      inputs_ = {image, next};
      outputs_ = {features_out, mean, covariance};
    } else if (file_ == "segment_1.onnx") {
      inputs_ = {features, labels, matrix, offset, next};
      outputs_ = {features_out, mean, covariance, {"photo_out", f, {1, 3, -1, -1}}};
    } else if (file_ == "segment_2.onnx") {
      inputs_ = {features, labels, matrix, offset, {"photo", f, {1, 3, -1, -1}}};
      outputs_ = {{"photo", f, {1, 3, -1, -1}}};
    } else {
      inputs_ = {{"content", f, {1, 3, 4, 4}}, {"style", f, {1, 3, 4, 4}}};
      outputs_ = {{"parameters", f, {1, 12}}, {"expected_errors", f, {1, 2}}};
    }
  }

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }

  std::vector<std::shared_ptr<Tensor>> run(const std::vector<GraphInput>& inputs,
                                           const std::vector<GraphOutput>& outputs,
                                           const RunOptions& options) override {
    ++behaviour_->runs;
    take_time(options);
    if (behaviour_->fails) {
      throw Error(ErrorKind::Network, "the network failed on cpu: as it was told to");
    }
    Tensors in;
    for (const GraphInput& input : inputs) {
      if (input.tensor != nullptr) {
        in[input.name] = std::make_shared<Samples>(std::static_pointer_cast<PlainTensor>(input.tensor)->value);
      } else {
        auto const tensor = std::make_shared<Samples>(input.shape);
        tensor->samples.assign(input.samples, input.samples + tensor->samples.size());
        in[input.name] = tensor;
      }
    }
    const Tensors out = compute(in);
    std::vector<std::shared_ptr<Tensor>> result;
    result.reserve(outputs.size());
    for (const GraphOutput& output : outputs) {
      result.push_back(std::make_shared<PlainTensor>(*out.at(output.name)));
    }
    return result;
  }

 private:
  void take_time(const RunOptions& options) const {
    std::atomic<bool> stopped{false};
    if (options.stop != nullptr) {
      options.stop->listen([&stopped] { stopped = true; });
    }
    for (int i = 0; i < behaviour_->milliseconds && !stopped; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (options.stop != nullptr) {
      options.stop->forget();
    }
    if (stopped) {
      throw Error(ErrorKind::Cancelled, "the network was stopped");
    }
  }

  Tensors compute(const Tensors& in) const {
    Tensors out;
    if (file_ == "style.onnx") {
      add_statistics(out, *in.at("image"), *in.at("labels_colours"), "_colours");
      add_statistics(out, halved(*in.at("image")), *in.at("labels_squares"), "_squares");
    } else if (file_ == "segment_0.onnx") {
      out["features_out"] = in.at("image");
      add_statistics(out, *in.at("image"), *in.at("next_labels"), "");
    } else if (file_ == "segment_1.onnx") {
      const Samples photo = aligned(*in.at("features"), *in.at("labels"), *in.at("matrix"), *in.at("offset"));
      out["photo_out"] = std::make_shared<Samples>(photo);
      const Samples squares = halved(photo);
      out["features_out"] = std::make_shared<Samples>(squares);
      add_statistics(out, squares, *in.at("next_labels"), "");
    } else if (file_ == "segment_2.onnx") {
      out["photo"] = with_change(in);
    } else {
      out["parameters"] = estimated(*in.at("content"), *in.at("style"));
      const auto errors = std::make_shared<Samples>(std::vector<std::int64_t>{1, 2});
      errors->samples = {behaviour_->untouched_error, behaviour_->result_error};
      out["expected_errors"] = errors;
    }
    return out;
  }

  /// The photo and, at each pixel, what the alignment changed in its square.
  static std::shared_ptr<Samples> with_change(const Tensors& in) {
    const Samples& squares = *in.at("features");
    const Samples after = aligned(squares, *in.at("labels"), *in.at("matrix"), *in.at("offset"));
    auto photo = std::make_shared<Samples>(*in.at("photo"));
    const std::int64_t h = photo->shape[2];
    const std::int64_t w = photo->shape[3];
    for (std::int64_t c = 0; c < 3; ++c) {
      for (std::int64_t y = 0; y < h; ++y) {
        for (std::int64_t x = 0; x < w; ++x) {
          const auto at = static_cast<std::size_t>((c * (h / 2) + y / 2) * (w / 2) + x / 2);
          photo->samples[static_cast<std::size_t>((c * h + y) * w + x)] += after.samples[at] - squares.samples[at];
        }
      }
    }
    return photo;
  }

  /// A matrix and offsets that move the content's mean colour to the style's.
  static std::shared_ptr<Samples> estimated(const Samples& content, const Samples& style) {
    auto parameters = std::make_shared<Samples>(std::vector<std::int64_t>{1, 12});
    for (std::size_t c = 0; c < 3; ++c) {
      float shift = 0.0F;
      for (std::size_t i = 0; i < 16; ++i) {
        shift += (style.samples[16 * c + i] - content.samples[16 * c + i]) / 16.0F;
      }
      parameters->samples[4 * c + c] = 1.0F;
      parameters->samples[4 * c + 3] = shift;
    }
    return parameters;
  }

  std::string file_;
  std::shared_ptr<PlainBehaviour> behaviour_;
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
};

class PlainRuntime final : public Runtime {
 public:
  std::unique_ptr<Graph> open(const std::string& file, std::string_view bytes) override {
    if (bytes != file) {
      throw Error(ErrorKind::Model, file + " is not a usable ONNX file: it must hold its name");
    }
    return std::make_unique<PlainGraph>(file, behaviour);
  }
  DeviceReport device() const override { return {"cpu", "cpu", "plain C++", "asked for", "float32"}; }

  std::shared_ptr<PlainBehaviour> behaviour = std::make_shared<PlainBehaviour>();
};

/// A folder with the bundle of that chain; removed at the end.
class PlainBundle {
 public:
  /// @param learned  whether the colours are those of the estimator.
  explicit PlainBundle(bool learned = false) {
    static std::atomic<int> number{0};
    folder_ = std::filesystem::temp_directory_path() /
              ("fastphoto-plain-" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()) + "-" +
               std::to_string(number++));
    std::filesystem::create_directory(folder_);
    const auto entry = [this](const std::string& file) {
      std::ofstream(folder_ / file) << file;
      return R"("file": ")" + file + R"(", "sha256": ")" + sha256(file) + "\"";
    };
    const std::string colours = std::string(R"("method": ")") + (learned ? "learned" : "knothe-rosenblatt") +
                                R"(", "relative_ridge": 0.03, "max_gain": 1.5)";
    const std::string estimator =
        learned ? ", \"estimator\": {" + entry("estimator.onnx") +
                      R"(, "side": 4, "map": "matrix-and-curves", "extents": [0], "least_fit": 0.5})"
                : "";
    std::ofstream(folder_ / "bundle.json")
        << R"({"format": 2, "name": "plain", "version": "1", "description": "by hand", "licence": "Apache-2.0",)"
        << R"("provenance": {"recipe": "", "training_photos": "", "teacher": "", "method": ""},)"
        << R"("size_multiple": 4, "working_side": 256, "smoothing": {"lam": 0.0002, "eps": 1e-06},)"
        << R"("gamut": {"shares": [0.05, 0.01, 0.001], "shadows_counted": [1, 0.6, 0.3],)"
        << R"("highlights_counted": [1, 1, 0.8], "knee_per_excess": 4, "largest_shadow_knee": 0.15,)"
        << R"("largest_highlight_knee": 0.3, "least_excess": 0.001},)"
        << R"("detail": {"radius": 0.0171428, "edge_variance": 0.02, "amount": 0.8, "largest_change": 0.05,)"
        << R"("largest_gain": 3}, "labels": {"min_area": 10, "max_area_ratio": 100},)"
        << R"("memory": {"fixed_bytes": 1e6, "bytes_per_working_pixel": 200}, "style": {)" << entry("style.onnx")
        << R"(}, "alignments": [{"name": "colours", "channels": 3, "stride": 1, )" << colours
        << R"(}, {"name": "squares", "channels": 3, "stride": 2, "method": "monge-kantorovich",)"
        << R"("relative_ridge": 0.01, "strength": 0.5}], "segments": [{)" << entry("segment_0.onnx")
        << R"(, "carry": []}, {)" << entry("segment_1.onnx") << R"(, "carry": []}, {)" << entry("segment_2.onnx")
        << R"(, "carry": ["photo"]}])" << estimator << "}";
  }
  ~PlainBundle() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  PlainBundle(const PlainBundle&) = delete;
  PlainBundle& operator=(const PlainBundle&) = delete;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace fastphoto::test
