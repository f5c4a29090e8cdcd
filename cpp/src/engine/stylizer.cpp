// SPDX-License-Identifier: Apache-2.0
//
// The pipeline on one page: style -> look, content + look -> restyled content.
//
// Li, Liu, Li, Yang, Kautz: "A Closed-form Solution to Photorealistic Image Stylization", ECCV 2018. Step F1 is the
// chain of segments with statistical alignments between them, step F2 the smoothing. What neither knows of, tones out
// of range and faded detail, is mended at the end.
#include "fastphoto/engine/stylizer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/chain.h"
#include "engine/pair_map.h"
#include "engine/process.h"
#include "engine/step_progress.h"
#include "engine/stopwatch.h"
#include "engine/thumbnail.h"
#include "engine/visible_photo.h"
#include "engine/working_size.h"
#include "engine/workspaces.h"
#include "fastphoto/adjustment.h"
#include "fastphoto/detail.h"
#include "fastphoto/error.h"
#include "fastphoto/gamut.h"
#include "fastphoto/guided_filter.h"

namespace fastphoto {

namespace {

// Of a call's progress, the share that lies behind restyle(); smoothing and what follows is the rest.
constexpr double restyling_share = 0.5;

const char* name_of(Smoothing smoothing) {
  return smoothing == Smoothing::ClosedForm ? "closed-form" : smoothing == Smoothing::Guided ? "guided" : "none";
}

/// The labels that take part in one call, and their weights at working size.
struct MatchedLabels {
  std::vector<std::int64_t> labels = {whole_photo};
  Image weights;  // planar, with a last one for all other pixels; empty without a mask or transparency
};

/// The weights of a mask's labels, without what is transparent.
LabelWeights visible_labels(const MaskView& mask, const Image& visible, Size size, const char* name) {
  LabelWeights labels = label_weights(mask, size.height, size.width, name);
  if (visible.data() != nullptr) {
    const Index pixels = size.height * size.width;
    for (Index k = 0; k < labels.weights.channels(); ++k) {
      float* const plane = labels.weights.data() + k * pixels;
      std::transform(plane, plane + pixels, visible.data(), plane, [](float weight, float a) { return weight * a; });
    }
  }
  return labels;
}

/// Of a photo without a mask: the visible part, and the rest.
MatchedLabels visible_part(const Image& visible) {
  MatchedLabels matched;
  LabelWeights whole;
  whole.labels = matched.labels;
  whole.weights = Image(visible.height(), visible.width(), 1, Layout::Planar);
  std::copy_n(visible.data(), visible.height() * visible.width(), whole.weights.data());
  matched.weights = whole.select(matched.labels);
  return matched;
}

MatchedLabels match_labels(const Look& look, const MaskView& mask, const Image& visible, Size size,
                           const LabelOptions& options, Report& report) {
  if (!mask.given()) {
    return visible.data() == nullptr ? MatchedLabels{} : visible_part(visible);
  }
  const LabelWeights content = visible_labels(mask, visible, size, "content mask");
  std::map<std::int64_t, double> content_areas;
  const std::vector<double> areas = content.areas();
  for (std::size_t k = 0; k < areas.size(); ++k) {
    content_areas[content.labels[k]] = areas[k];
  }
  std::map<std::int64_t, double> style_areas;
  for (const auto& [label, style] : look.labels) {
    style_areas[label] = style.area;
  }
  MatchedLabels matched;
  matched.labels = shared_labels(content_areas, style_areas, options);
  matched.weights = content.select(matched.labels);
  report.labels = matched.labels;
  std::copy_if(content.labels.begin(), content.labels.end(), std::back_inserter(report.kept_labels),
               [&](std::int64_t label) {
                 return std::find(matched.labels.begin(), matched.labels.end(), label) == matched.labels.end();
               });
  return matched;
}

}  // namespace

struct Stylizer::Impl {
  Impl(Bundle opened, std::shared_ptr<Runtime> runtime)
      : bundle(std::move(opened)), chain(bundle, std::move(runtime)) {}

  const Manifest& manifest() const { return bundle.manifest(); }
  Index working_side(Index max_side) const;
  void check_look(const Look& look, const MaskView& mask) const;
  PairMap map_of(const ImageView& small, const Look& look, const ApplyOptions& options, StepProgress& progress,
                 Threads threads) const;

  const Bundle bundle;
  const Chain chain;
  const OwnProcess process{"this Stylizer"};
  Workspaces workspaces;
};

/// What is known of a photo between the network and the smoothing.
struct Stylizer::Restyled::State {
  Workspaces::Loan workspace;  // owns the memory of the images below
  Smoothing smoothing;
  AdjustmentOptions adjustment;
  Pixels alpha_from;
  Image content;
  Image restyled;  // empty if the content is to come back as it is
  Report report;
};

// --- style -> look --------------------------------------------------------------------------------------------------

Look Stylizer::analyze(const Pixels& style, const MaskView& mask, const AnalyzeOptions& options) const {
  impl_->process.require();
  const Manifest& manifest = impl_->manifest();
  StepProgress progress(options.progress, impl_->chain.style_steps());
  const Threads threads = progress.polling(options.threads);

  const Image photo = read_pixels(style, "style", threads);
  const Size size = working_size({style.height, style.width}, impl_->working_side(options.max_side));
  const VisiblePhoto seen(photo.view(), mask.alpha, "style");
  const WorkingPhoto small(seen.view(), size, threads);
  const Image visible = seen.has_alpha() ? seen.weights(size, threads) : Image();

  Look look;
  look.model = manifest.name;
  look.fingerprint = impl_->bundle.fingerprint();
  look.masked = mask.given();
  if (manifest.estimator) {
    look.thumbnail = thumbnail(small.view, manifest.estimator->side, threads);
  }
  if (!mask.given()) {
    LabelLook& whole = look.labels[whole_photo];
    const Index pixels = size.height * size.width;
    whole.area = visible.data() == nullptr ? static_cast<double>(pixels)
                                           : std::accumulate(visible.data(), visible.data() + pixels, 0.0);
    const ImageView counted = visible.data() == nullptr ? ImageView{} : visible.view();
    for (ChainAlignment::ByLabel& point : impl_->chain.style_statistics(small.view, counted, progress)) {
      whole.statistics.push_back(std::move(point.front()));
    }
    progress.end();
    return look;
  }

  const LabelWeights labels = visible_labels(mask, visible, size, "style mask");
  const std::vector<double> areas = labels.areas();
  std::vector<std::int64_t> chosen;
  for (std::size_t k = 0; k < areas.size(); ++k) {
    if (areas[k] > manifest.labels.min_area) {
      chosen.push_back(labels.labels[k]);
      look.labels[labels.labels[k]].area = areas[k];
    }
  }
  require(!chosen.empty(), "style mask: no label has more than " + number_text(manifest.labels.min_area) + " pixels");
  const Image weights = labels.select(chosen);
  for (ChainAlignment::ByLabel& point : impl_->chain.style_statistics(small.view, weights.view(), progress)) {
    for (std::size_t k = 0; k < chosen.size(); ++k) {
      look.labels[chosen[k]].statistics.push_back(std::move(point[k]));
    }
  }
  progress.end();
  return look;
}

// --- content + look -> restyled content -----------------------------------------------------------------------------

Report Stylizer::apply(const Pixels& content, const Look& look, const MutablePixels& result, const MaskView& mask,
                       const ApplyOptions& options) const {
  require(result.height == content.height && result.width == content.width,
          "the result must have the content's size, got " + std::to_string(result.height) + " x " +
              std::to_string(result.width) + " for a content of " + std::to_string(content.height) + " x " +
              std::to_string(content.width));
  return finish(restyle(content, look, mask, options), result, options.threads, options.progress);
}

Stylizer::Restyled Stylizer::restyle(const Pixels& content, const Look& look, const MaskView& mask,
                                     const ApplyOptions& options) const {
  impl_->process.require();
  const Manifest& manifest = impl_->manifest();
  require(options.strength >= 0.0 && options.strength <= 1.0,
          "strength must lie between 0 and 1, got " + number_text(options.strength));
  impl_->check_look(look, mask);
  StepProgress progress(options.progress, impl_->chain.content_steps(), 0.0, restyling_share);
  const Threads threads = progress.polling(options.threads);

  auto state = std::make_unique<Restyled::State>(
      Restyled::State{impl_->workspaces.lend(), options.smoothing, options.adjustment, content, {}, {}, {}});
  const PagePool::Use use(&state->workspace.pages());
  Report& report = state->report;
  report.model = manifest.name;
  report.model_version = manifest.version;
  report.device = impl_->chain.device();
  report.strength = options.strength;
  state->content = read_pixels(content, "content", threads);
  report.content_size = {content.height, content.width};
  report.working_size = report.content_size;
  if (options.strength == 0.0) {
    return Restyled(std::move(state));
  }
  const ImageView photo = state->content.view();
  Stopwatch stopwatch(report.stages);

  // What the network sees, and which of its pixels belong to which label.
  report.working_size = working_size(report.content_size, impl_->working_side(options.max_side));
  const VisiblePhoto visible(photo, mask.alpha, "content");
  const WorkingPhoto small(visible.view(), report.working_size, threads);
  Image counted;
  if (visible.has_alpha()) {
    counted = visible.weights(report.working_size, threads);
    visible.cover(state->content);
  }
  const MatchedLabels matched = match_labels(look, mask, counted, report.working_size, manifest.labels, report);
  stopwatch.end_of("reduce to working size");

  // F1: down the chain; at each alignment the content's statistics meet the look's.
  std::vector<ChainAlignment::ByLabel> wanted(manifest.alignments.size());
  for (std::size_t point = 0; point < wanted.size(); ++point) {
    for (const std::int64_t label : matched.labels) {
      wanted[point].push_back(look.labels.at(label).statistics[point]);
    }
  }
  const bool follows = !mask.given() && visible.has_alpha();
  ChainAlignment align(manifest.alignments, std::move(wanted), options.strength, mask.given() || follows, follows);
  std::optional<PairMap> map;
  Image seen;  // with its colours mapped, if the model has an estimator
  if (manifest.estimator && !mask.given()) {
    map = impl_->map_of(small.view, look, options, progress, threads);
    report.look_fit = map->look_fit;
    seen = map->apply(small.view, threads);
  }
  Image restyled = impl_->chain.run(map ? seen.view() : small.view, matched.weights.view(), align, progress);
  stopwatch.end_of("network");
  if (map) {
    // Colours are mapped at full size; only what the levels after them change is enlarged.
    const Image mapped = map->apply(photo, threads);
    state->restyled = at_full_size(std::move(restyled), seen.view(), mapped.view(), threads);
    if (maps_colours_only(manifest)) {
      state->smoothing = Smoothing::None;
    }
  } else {
    state->restyled = at_full_size(std::move(restyled), small.view, photo, threads);
  }
  if (!mask.given() && is_grey(manifest, look.labels.at(whole_photo))) {
    // Levels that know no colours from grey would leave tints.
    take_colours(state->restyled, options.strength);
  }
  stopwatch.end_of("enlarge to full size");
  return Restyled(std::move(state));
}

Report Stylizer::finish(Restyled&& photo, const MutablePixels& result, Threads given_threads,
                        const Progress& callback) const {
  impl_->process.require();
  require(photo.state_ != nullptr, "the photo must come from restyle(), got one that was finished before");
  const std::unique_ptr<Restyled::State> state = std::move(photo.state_);
  const PagePool::Use use(&state->workspace.pages());
  const Manifest& manifest = impl_->manifest();
  const ImageView content = state->content.view();
  Report& report = state->report;
  if (state->restyled.data() == nullptr) {
    write_pixels(content, state->alpha_from, result, given_threads);
    return report;
  }
  StepProgress progress(callback, 1, restyling_share, 1.0 - restyling_share);
  const Threads threads = progress.polling(given_threads);
  Stopwatch stopwatch(report.stages);

  // F2: what stylisation did to structure is undone.
  progress.begin("smoothing");
  Image smoothed;
  report.smoothing = name_of(state->smoothing);
  if (state->smoothing == Smoothing::ClosedForm) {
    SmoothingOptions options;
    options.lam = manifest.smoothing_lam;
    options.eps = manifest.smoothing_eps;
    SolveOptions solve;
    solve.progress = [&](int, double residual) {
      progress.within(std::log(residual) / std::log(options.rtol));
      return true;
    };
    SmoothingResult solved =
        ClosedFormSmoother(content, options, threads).solve(state->restyled.view(), solve, threads);
    smoothed = std::move(solved.image);
    report.solver = solved.info;
  } else if (state->smoothing == Smoothing::Guided) {
    smoothed = guided_filter(content, state->restyled.view(), {}, threads);
  } else {
    smoothed = std::move(state->restyled);
  }
  state->restyled = Image();
  stopwatch.end_of("smoothing");

  compress_to_gamut(smoothed, manifest.gamut, threads);
  stopwatch.end_of("compress to gamut");
  if (state->smoothing != Smoothing::None) {
    restore_detail(content, smoothed, manifest.detail, threads);
    stopwatch.end_of("restore detail");
  }
  if (adjusts(state->adjustment)) {
    adjust(content, smoothed, state->adjustment, manifest.gamut, threads);
    stopwatch.end_of("adjust");
  }
  write_pixels(smoothed.view(), state->alpha_from, result, threads);
  progress.end();
  return report;
}

/// What the model's estimator says of a content and a look.
PairMap Stylizer::Impl::map_of(const ImageView& small, const Look& look, const ApplyOptions& options,
                               StepProgress& progress, Threads threads) const {
  const Estimator& estimator = *manifest().estimator;
  const std::vector<float> seen = thumbnail(small, estimator.side, threads);
  require(look.thumbnail.size() == seen.size(), "the look has a thumbnail of " + std::to_string(look.thumbnail.size()) +
                                                    " samples, the model expects " + std::to_string(seen.size()));
  const double known = evidence_of(look.labels.at(whole_photo));
  const double strength = options.strength * manifest().alignments.front().strength * known;
  return {estimator, chain.estimate(seen, look.thumbnail, progress), strength, options.insist};
}

// --- checks ---------------------------------------------------------------------------------------------------------

Index Stylizer::Impl::working_side(Index max_side) const {
  require(max_side >= 0, "max_side must be at least 1 pixel, got " + std::to_string(max_side));
  return max_side == 0 ? manifest().working_side : max_side;
}

void Stylizer::Impl::check_look(const Look& look, const MaskView& mask) const {
  require(look.fingerprint == bundle.fingerprint(),
          "the look was made with model '" + look.model + "' (" + look.fingerprint.substr(0, 8) +
              "), it does not fit '" + manifest().name + "' (" + bundle.fingerprint().substr(0, 8) + ")");
  require(!look.masked || mask.given(), "the style has a mask but the content has none: give both or neither");
  require(look.masked || !mask.given(), "the content has a mask but the style has none: give both or neither");
  require(look.masked || look.labels.count(whole_photo) == 1, "the look has no statistics of the whole photo");
  for (const auto& [label, style] : look.labels) {
    bool fits = style.statistics.size() == manifest().alignments.size();
    for (std::size_t i = 0; fits && i < style.statistics.size(); ++i) {
      fits = style.statistics[i].channels() == manifest().alignments[i].channels;
    }
    require(fits, "label " + std::to_string(label) + " of the look has statistics that do not fit the model '" +
                      manifest().name + "'");
  }
}

// --- memory ---------------------------------------------------------------------------------------------------------

void Stylizer::prepare(Index width, Index height) const {
  require(width >= 1 && height >= 1,
          "width and height must be at least 1 pixel, got " + std::to_string(width) + " x " + std::to_string(height));
  impl_->process.require();
  impl_->workspaces.keep();
  // One photo goes all the way: afterwards the runtime's arena and the pool have what the next one needs.
  std::vector<std::uint8_t> photo(static_cast<std::size_t>(3 * width * height));
  std::uint32_t noise = 1;
  for (std::uint8_t& sample : photo) {
    noise = noise * 1664525U + 1013904223U;
    sample = static_cast<std::uint8_t>(noise >> 24U);
  }
  const Pixels content(photo.data(), height, width, SampleType::UInt8);
  const Look look = analyze(content);
  apply(content, look, MutablePixels(photo.data(), height, width, SampleType::UInt8));
}

std::size_t Stylizer::memory_needed(Index width, Index height, Smoothing smoothing, Index max_side) const {
  require(width >= 1 && height >= 1,
          "width and height must be at least 1 pixel, got " + std::to_string(width) + " x " + std::to_string(height));
  const Size small = working_size({height, width}, impl_->working_side(max_side));
  return bytes_needed(impl_->manifest().memory, {height, width}, small, smoothing);
}

// --- handles --------------------------------------------------------------------------------------------------------

Stylizer::Stylizer(const std::filesystem::path& bundle, std::shared_ptr<Runtime> runtime)
    : Stylizer(Bundle::open(bundle), std::move(runtime)) {}
Stylizer::Stylizer(Bundle bundle, std::shared_ptr<Runtime> runtime)
    : impl_(std::make_unique<Impl>(std::move(bundle), std::move(runtime))) {}
Stylizer::~Stylizer() {
  if (impl_ != nullptr && impl_->process.inherited()) {
    // A runtime waits for its threads when it is closed, and a child of fork() has none of them.
    static_cast<void>(impl_.release());  // NOLINT(bugprone-unused-return-value)
  }
}
Stylizer::Stylizer(Stylizer&&) noexcept = default;
Stylizer& Stylizer::operator=(Stylizer&&) noexcept = default;

const Bundle& Stylizer::bundle() const noexcept { return impl_->bundle; }
DeviceReport Stylizer::device() const { return impl_->chain.device(); }

Stylizer::Restyled::Restyled(std::unique_ptr<State> state) : state_(std::move(state)) {}
Stylizer::Restyled::~Restyled() = default;
Stylizer::Restyled::Restyled(Restyled&&) noexcept = default;
Stylizer::Restyled& Stylizer::Restyled::operator=(Restyled&&) noexcept = default;

}  // namespace fastphoto
