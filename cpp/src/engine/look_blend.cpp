// SPDX-License-Identifier: Apache-2.0
//
// Several looks made one: pooled or blended.
#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "fastphoto/barycentre.h"
#include "fastphoto/engine/look.h"

namespace fastphoto {

namespace {

constexpr std::size_t most_sources = 256;

using Join = std::function<Statistics(const std::vector<Statistics>&, const std::vector<double>&)>;

void require_alike(const std::vector<Look>& looks) {
  require(!looks.empty(), "expected one or more looks, got none");
  for (const Look& look : looks) {
    look.check();
    require(look.fingerprint == looks[0].fingerprint, "looks of several models cannot be joined, got '" +
                                                          looks[0].model + "' (" + looks[0].fingerprint.substr(0, 8) +
                                                          ") and '" + look.model + "' (" +
                                                          look.fingerprint.substr(0, 8) + ")");
    require(look.masked == looks[0].masked,
            "looks with and without masks cannot be joined; expected all of them with masks, or none");
    const auto& first = looks[0].labels.begin()->second.statistics;
    const auto& other = look.labels.begin()->second.statistics;
    require(first.size() == other.size(), "looks of the same model must have as many alignments, got " +
                                              std::to_string(first.size()) + " and " + std::to_string(other.size()));
    require(look.thumbnail.size() == looks[0].thumbnail.size(),
            "looks of the same model must have thumbnails of one size, got " +
                std::to_string(looks[0].thumbnail.size()) + " and " + std::to_string(look.thumbnail.size()) +
                " samples");
  }
}

/// Which part a column of a picture is taken from: each part has the share of columns that its weight is.
class Columns {
 public:
  explicit Columns(const std::vector<double>& weights) {
    double sum = 0.0;
    for (const double weight : weights) {
      sum += weight;
      ends_.push_back(sum);
    }
  }

  /// The part and the place (0 .. 1) within it.
  std::pair<std::size_t, double> at(Index column, Index width) const {
    const double place = (static_cast<double>(column) + 0.5) / static_cast<double>(width) * ends_.back();
    const auto found = static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), place) - ends_.begin());
    const std::size_t part = std::min(found, ends_.size() - 1);
    const double begin = part == 0 ? 0.0 : ends_[part - 1];
    return {part, (place - begin) / (ends_[part] - begin)};
  }

 private:
  std::vector<double> ends_;
};

Index pixel_at(double place, Index count) {
  return std::min(count - 1, static_cast<Index>(place * static_cast<double>(count)));
}

/// Parts of all thumbnails side by side: the estimator sees one photo in which each has its share. They stand in an
/// order of their own, so that it makes no difference in which order looks are named.
std::vector<float> joined_thumbnail(const std::vector<Look>& looks, const std::vector<double>& weights) {
  std::vector<std::size_t> order(looks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(looks[a].thumbnail, weights[a]) < std::tie(looks[b].thumbnail, weights[b]);
  });
  std::vector<double> ordered(order.size());
  std::transform(order.begin(), order.end(), ordered.begin(), [&](std::size_t i) { return weights[i]; });
  const Columns columns(ordered);

  std::vector<float> result(looks[0].thumbnail.size());
  Index side = 0;
  while (3 * side * side < static_cast<Index>(result.size())) {
    ++side;
  }
  for (Index x = 0; x < side; ++x) {
    const auto [part, place] = columns.at(x, side);
    const std::vector<float>& thumbnail = looks[order[part]].thumbnail;
    const Index from = pixel_at(place, side);
    for (Index row = 0; row < 3 * side; ++row) {
      result[static_cast<std::size_t>(row * side + x)] = thumbnail[static_cast<std::size_t>(row * side + from)];
    }
  }
  return result;
}

Preview joined_preview(const std::vector<Look>& looks, const Columns& columns) {
  Preview result = looks[0].preview;
  const bool all = std::all_of(looks.begin(), looks.end(), [](const Look& l) { return !l.preview.samples.empty(); });
  if (!all) {
    return {};
  }
  for (Index x = 0; x < result.width; ++x) {
    const auto [part, place] = columns.at(x, result.width);
    const Preview& from = looks[part].preview;
    const Index column = pixel_at(place, from.width);
    for (Index y = 0; y < result.height; ++y) {
      const Index row = pixel_at((static_cast<double>(y) + 0.5) / static_cast<double>(result.height), from.height);
      std::copy_n(from.samples.begin() + 3 * (row * from.width + column), 3,
                  result.samples.begin() + 3 * (y * result.width + x));
    }
  }
  return result;
}

/// @param by_area  whether the weights of a label's statistics count its areas as well.
Look joined(const std::vector<Look>& looks, const std::vector<double>& weights, bool by_area, const Join& join) {
  Look result;
  result.model = looks[0].model;
  result.fingerprint = looks[0].fingerprint;
  result.masked = looks[0].masked;
  std::map<std::int64_t, std::vector<std::size_t>> having;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    for (const auto& [label, style] : looks[i].labels) {
      having[label].push_back(i);
    }
    result.label_names.insert(looks[i].label_names.begin(), looks[i].label_names.end());
    for (const std::string& source : looks[i].sources) {
      const bool known = std::find(result.sources.begin(), result.sources.end(), source) != result.sources.end();
      if (!known && result.sources.size() < most_sources) {
        result.sources.push_back(source);
      }
    }
  }
  for (const auto& [label, holders] : having) {
    LabelLook& style = result.labels[label];
    std::vector<double> shares;
    double sum = 0.0;
    for (const std::size_t i : holders) {
      const double area = looks[i].labels.at(label).area;
      shares.push_back(by_area ? weights[i] * area : weights[i]);
      style.area += weights[i] * area;
      sum += weights[i];
    }
    style.area /= sum;
    for (std::size_t point = 0; point < looks[holders[0]].labels.at(label).statistics.size(); ++point) {
      std::vector<Statistics> parts;
      for (const std::size_t i : holders) {
        parts.push_back(looks[i].labels.at(label).statistics[point]);
      }
      style.statistics.push_back(join(parts, shares));
    }
  }
  result.thumbnail = joined_thumbnail(looks, weights);
  result.preview = joined_preview(looks, Columns(weights));
  result.check();
  return result;
}

}  // namespace

Look Look::pool(const std::vector<Look>& looks) {
  require_alike(looks);
  if (looks.size() == 1) {
    return looks[0];
  }
  return joined(looks, std::vector<double>(looks.size(), 1.0), true, pooled_statistics);
}

Look Look::blend(const std::vector<Look>& looks, const std::vector<double>& weights) {
  require_alike(looks);
  require(weights.size() == looks.size(), "expected a weight for each of the " + std::to_string(looks.size()) +
                                              " looks, got " + std::to_string(weights.size()));
  std::vector<Look> counted;
  std::vector<double> shares;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    require_option(weights[i] >= 0.0 && weights[i] < 1e9, "a look's weight", weights[i], "0 or more");
    if (weights[i] > 0.0) {
      counted.push_back(looks[i]);
      shares.push_back(weights[i]);
    }
  }
  require(!counted.empty(), "all looks have the weight 0; expected at least one of more");
  if (counted.size() == 1) {
    return counted[0];
  }
  return joined(counted, shares, false, [](const std::vector<Statistics>& parts, const std::vector<double>& share) {
    return wasserstein_barycentre(parts, share);
  });
}

}  // namespace fastphoto
