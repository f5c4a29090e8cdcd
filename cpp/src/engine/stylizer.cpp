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
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/pixel_rows.h"
#include "engine/chain.h"
#include "engine/colours_only.h"
#include "engine/content_pixels.h"
#include "engine/full_size.h"
#include "engine/matched_labels.h"
#include "engine/padding.h"
#include "engine/pair_map.h"
#include "engine/process.h"
#include "engine/smaller_smoothing.h"
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
#include "fastphoto/resample.h"

namespace fastphoto {

namespace {

// Of a call's progress, the share that lies behind restyle(); smoothing and what follows is the rest.
constexpr double restyling_share = 0.5;

const char* name_of(Smoothing smoothing) {
  return smoothing == Smoothing::ClosedForm ? "closed-form" : smoothing == Smoothing::Guided ? "guided" : "none";
}

double pixels_of(Size size) { return static_cast<double>(size.height) * static_cast<double>(size.width); }

bool same(Size a, Size b) { return a.height == b.height && a.width == b.width; }

/// Where closed-form smoothing works on a photo, for a quality.
Size size_of_smoothing(Size photo, const ApplyOptions& options) {
  if (options.smoothing != Smoothing::ClosedForm || options.quality == Quality::Exact) {
    return photo;
  }
  const QualityOptions limits;
  const double most = options.quality == Quality::Draft ? limits.draft_pixels : limits.balanced_pixels;
  return smoothing_size(photo, most, limits.hardly_larger);
}

void require_size_of(const MutablePixels& result, Size size) {
  require(result.data != nullptr && result.height == size.height && result.width == size.width,
          "result must have the photo's size, " + std::to_string(size.height) + " x " + std::to_string(size.width) +
              ", got " + std::to_string(result.height) + " x " + std::to_string(result.width) +
              (result.data == nullptr ? ", no memory" : ""));
}

}  // namespace

struct Stylizer::Impl {
  Impl(Bundle opened, std::shared_ptr<Runtime> runtime)
      : bundle(std::move(opened)), chain(bundle, std::move(runtime)) {}

  const Manifest& manifest() const { return bundle.manifest(); }
  Index working_side(Index max_side) const;
  void check_look(const Look& look, const MaskView& mask) const;
  PairMap map_of(const Estimator& estimator, const ImageView& small, const Look& look, const ApplyOptions& options,
                 StepProgress& progress, Threads threads) const;
  std::unique_ptr<Restyled::State> restyle(const Pixels& content, bool content_stays, const Pixels& seen,
                                           const Look& look, const MaskView& mask, const ApplyOptions& options);
  SmallerSmoothing smooth(const Restyled::State& state, StepProgress& progress, Threads threads) const;

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
  double ratio;  // pixels of the full photo's side for each of the images below
  Pixels alpha_from;
  Image content;
  Image restyled;  // empty if the content is to come back as it is, or its colours are to be mapped
  Report report;
  // If the photo is finished row by row, the full content is here. The images above have the size of its smoothing, or
  // are empty where only colours are mapped.
  Pixels full;
  std::vector<char> own_full;  // its samples, unless the caller's stay
  Image covered;               // or its colours, of a photo with transparency
  std::optional<PairMap> map;  // of a model that maps colours only
  double greyness = 0.0;       // how far colours go towards grey after that

  bool row_by_row() const { return full.data != nullptr; }
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
  const bool overlaps = overlaps_otherwise(content, result);
  std::unique_ptr<Restyled::State> state = impl_->restyle(content, !overlaps, content, look, mask, options);
  std::vector<float> alpha;
  if (overlaps && content.has_alpha() && result.has_alpha()) {
    state->alpha_from = copy_alpha(content, alpha, options.threads);
  }
  return finish(Restyled(std::move(state)), result, options.threads, options.progress);
}

Report Stylizer::preview(const Pixels& content, const Look& look, const MutablePixels& result, const MaskView& mask,
                         const ApplyOptions& options) const {
  impl_->process.require();
  require(1 <= result.height && result.height <= content.height && 1 <= result.width && result.width <= content.width,
          "a preview must have at least one pixel and not more than the content, got " + std::to_string(result.height) +
              " x " + std::to_string(result.width) + " for a content of " + std::to_string(content.height) + " x " +
              std::to_string(content.width));
  require_photo(content, "content", options.threads);
  const Size size{result.height, result.width};
  const Image small = reduced(content, size, options.threads);
  const Pixels pixels(small.data(), size.height, size.width);
  ApplyOptions quick = options;
  quick.quality = Quality::Draft;
  MaskView small_mask = mask;
  Image alpha;
  if (mask.alpha.data != nullptr) {
    alpha = resize(mask.alpha, size.height, size.width, options.threads);
    clip(alpha);
    small_mask.alpha = alpha.view();
  }
  std::unique_ptr<Restyled::State> state = impl_->restyle(pixels, true, content, look, small_mask, quick);
  state->alpha_from = {};  // that of the content has another size
  return finish(Restyled(std::move(state)), result, options.threads, options.progress);
}

Size Stylizer::preview_size(Size content, Index side) {
  require(content.height >= 1 && content.width >= 1, "the content must have at least one pixel, got " +
                                                         std::to_string(content.height) + " x " +
                                                         std::to_string(content.width));
  require(side >= 1, "side must be at least 1 pixel, got " + std::to_string(side));
  return working_size(content, side);
}

Stylizer::Restyled Stylizer::restyle(const Pixels& content, const Look& look, const MaskView& mask,
                                     const ApplyOptions& options) const {
  return Restyled(impl_->restyle(content, false, content, look, mask, options));
}

/// @param content_stays  whether the content's pixels may be read in finish().
/// @param seen  the photo that the network sees: the content, or what the content is a reduced copy of. It is checked.
std::unique_ptr<Stylizer::Restyled::State> Stylizer::Impl::restyle(const Pixels& content, bool content_stays,
                                                                   const Pixels& seen, const Look& look,
                                                                   const MaskView& mask, const ApplyOptions& options) {
  process.require();
  require(options.strength >= 0.0 && options.strength <= 1.0,
          "strength must lie between 0 and 1, got " + number_text(options.strength));
  check_look(look, mask);
  StepProgress progress(options.progress, chain.content_steps(), 0.0, restyling_share);
  const Threads threads = progress.polling(options.threads);

  const Size size{content.height, content.width};
  // Masks take the place of the estimator, whose map is meant for all pixels.
  const bool estimates = manifest().estimator && !mask.given();
  const bool colours_only = estimates && maps_colours_only(manifest());
  const Size smoothing_size = options.strength > 0.0 && !estimates ? size_of_smoothing(size, options) : size;
  const double ratio = std::sqrt(pixels_of({seen.height, seen.width}) / pixels_of(smoothing_size));
  auto state = std::make_unique<Restyled::State>(Restyled::State{
      workspaces.lend(), options.smoothing, options.adjustment, ratio, content, {}, {}, {}, {}, {}, {}, {}});
  const PagePool::Use use(&state->workspace.pages());
  Report& report = state->report;
  report.model = manifest().name;
  report.model_version = manifest().version;
  report.device = chain.device();
  report.strength = options.strength;
  report.content_size = {seen.height, seen.width};
  report.working_size = report.content_size;
  const bool smaller = !same(smoothing_size, size);
  const bool row_by_row = smaller || (colours_only && options.strength > 0.0);
  const bool transparent = mask.alpha.data != nullptr;
  Image whole;  // empty where the content's rows are read as they are needed
  if (row_by_row && !transparent) {
    require_photo(content, "content", threads);
    state->full = content_stays ? content : copy_pixels(content, state->own_full, threads);
  } else {
    whole = read_pixels(content, "content", threads);
  }
  if (options.strength == 0.0) {
    state->content = std::move(whole);
    return state;
  }
  Stopwatch stopwatch(report.stages);

  // What the network sees, and which of its pixels belong to which label.
  report.working_size = working_size(report.content_size, working_side(options.max_side));
  const VisiblePhoto visible(whole.view(), mask.alpha, "content");
  Image of_seen;
  const bool of_another_size = !transparent && !same(report.content_size, size) && !same(report.working_size, size);
  if (whole.data() == nullptr || of_another_size) {
    of_seen = same(report.working_size, report.content_size) ? read_pixels(seen, "content", threads)
                                                             : reduced(seen, report.working_size, threads);
  }
  const WorkingPhoto small(of_seen.data() != nullptr ? of_seen.view() : visible.view(), report.working_size, threads);
  Image counted;
  if (transparent) {
    counted = visible.weights(report.working_size, threads);
    visible.cover(whole);
  }
  if (!row_by_row) {
    state->content = std::move(whole);
  } else if (transparent) {
    state->covered = std::move(whole);
    state->full = Pixels(state->covered.data(), size.height, size.width);
  }
  if (smaller) {
    state->content = reduced(state->full, smoothing_size, threads);
  }
  const ImageView photo = state->content.view();
  const MatchedLabels matched = match_labels(look, mask, counted, report.working_size, manifest().labels, report);
  stopwatch.end_of("reduce to working size");

  // F1: down the chain; at each alignment the content's statistics meet the look's.
  std::vector<ChainAlignment::ByLabel> wanted(manifest().alignments.size());
  std::vector<double> areas;
  areas.reserve(matched.labels.size());
  for (const std::int64_t label : matched.labels) {
    areas.push_back(look.labels.at(label).area);
  }
  for (std::size_t point = 0; point < wanted.size(); ++point) {
    for (const std::int64_t label : matched.labels) {
      wanted[point].push_back(look.labels.at(label).statistics[point]);
    }
  }
  const bool follows = !mask.given() && transparent;
  ChainAlignment align(manifest().alignments, std::move(wanted), options.strength, mask.given() || follows, follows,
                       std::move(areas));
  std::optional<PairMap> map;
  if (estimates) {
    map = map_of(*manifest().estimator, small.view, look, options, progress, threads);
    report.look_fit = map->look_fit;
  }
  // Levels that know no colours from grey would leave tints.
  const double greyness = !mask.given() && is_grey(manifest(), look.labels.at(whole_photo))
                              ? options.strength * evidence_of(look.labels.at(whole_photo).area)
                              : 0.0;
  if (colours_only) {
    stopwatch.end_of("network");
    state->map = std::move(map);
    state->greyness = greyness;
    state->smoothing = Smoothing::None;
    return state;
  }
  if (map) {
    // Colours are mapped at full size; only what the levels after them change is enlarged.
    const Image mapped = map->apply(small.view, threads);
    Image restyled = chain.run(mapped.view(), matched.weights.view(), align, progress);
    stopwatch.end_of("network");
    const Image mapped_photo = map->apply(photo, threads);
    state->restyled = at_full_size(std::move(restyled), mapped.view(), mapped_photo.view(), threads);
  } else {
    Image restyled = chain.run(small.view, matched.weights.view(), align, progress);
    stopwatch.end_of("network");
    state->restyled = at_full_size(std::move(restyled), small.view, photo, threads);
  }
  if (greyness > 0.0) {
    take_colours(state->restyled.data(), state->restyled.view().pixels(), greyness);
  }
  stopwatch.end_of(smaller ? "enlarge to smoothing size" : "enlarge to full size");
  return state;
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
  if (state->restyled.data() == nullptr && !state->map) {
    write_pixels(content, state->alpha_from, result, given_threads);
    return report;
  }
  const Size size =
      state->row_by_row() ? Size{state->full.height, state->full.width} : Size{content.height, content.width};
  require_size_of(result, size);
  const int steps = state->row_by_row() && !state->map ? 2 : 1;
  StepProgress progress(callback, steps, restyling_share, 1.0 - restyling_share);
  const Threads threads = progress.polling(given_threads);
  Stopwatch stopwatch(report.stages);

  // F2: what stylisation did to structure is undone.
  Image smoothed;
  report.smoothing = name_of(state->smoothing);
  report.smoothing_size = state->map ? size : Size{content.height, content.width};
  if (!state->map) {
    progress.begin("smoothing");
    if (state->smoothing == Smoothing::ClosedForm) {
      SmallerSmoothing solved = impl_->smooth(*state, progress, threads);
      smoothed = std::move(solved.smoothed);
      report.solver = solved.info;
      report.expected_error = solved.expected_error;
    } else if (state->smoothing == Smoothing::Guided) {
      smoothed = guided_filter(content, state->restyled.view(), {}, threads);
    } else {
      smoothed = std::move(state->restyled);
    }
    state->restyled = Image();
    stopwatch.end_of("smoothing");
  }

  if (state->row_by_row()) {
    progress.begin("full size");
    const auto write_rows = [&](const Pixels& alpha_from, const MutablePixels& to) {
      if (state->map) {
        finish_colours(state->full, *state->map, state->greyness, manifest.gamut, alpha_from, to, threads);
      } else {
        finish_at_full_size(state->full, {std::move(state->content), std::move(smoothed)}, manifest.gamut,
                            manifest.detail, alpha_from, to, threads);
      }
      stopwatch.end_of("full size");
    };
    if (adjusts(state->adjustment)) {
      const Image photo_itself = read_pixels(state->full, "content", threads);
      Image full(size.height, size.width, 3);
      write_rows({}, {full.data(), full.height(), full.width()});
      adjust(photo_itself.view(), full, state->adjustment, manifest.gamut, threads);
      stopwatch.end_of("adjust");
      write_pixels(full.view(), state->alpha_from, result, threads);
    } else {
      write_rows(state->alpha_from, result);
    }
    progress.end();
    return report;
  }
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

SmallerSmoothing Stylizer::Impl::smooth(const Restyled::State& state, StepProgress& progress, Threads threads) const {
  SmoothingOptions options;
  options.lam = manifest().smoothing_lam;
  options.eps = manifest().smoothing_eps;
  SolveOptions solve;
  solve.progress = [&](int, double residual) {
    progress.within(std::log(residual) / std::log(options.rtol));
    return true;
  };
  return smooth_smaller(state.content.view(), state.restyled.view(), state.ratio, options, solve, threads);
}

/// What the model's estimator says of a content and a look.
PairMap Stylizer::Impl::map_of(const Estimator& estimator, const ImageView& small, const Look& look,
                               const ApplyOptions& options, StepProgress& progress, Threads threads) const {
  const std::vector<float> seen = thumbnail(small, estimator.side, threads);
  require(look.thumbnail.size() == seen.size(), "the look has a thumbnail of " + std::to_string(look.thumbnail.size()) +
                                                    " samples, the model expects " + std::to_string(seen.size()));
  const double known = evidence_of(look.labels.at(whole_photo).area);
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

void Stylizer::prepare(Index width, Index height, Quality quality) const {
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
  ApplyOptions options;
  options.quality = quality;
  apply(content, look, MutablePixels(photo.data(), height, width, SampleType::UInt8), {}, options);
}

std::size_t Stylizer::memory_needed(Index width, Index height, Smoothing smoothing, Index max_side,
                                    Quality quality) const {
  require(width >= 1 && height >= 1,
          "width and height must be at least 1 pixel, got " + std::to_string(width) + " x " + std::to_string(height));
  const Size seen = working_size({height, width}, impl_->working_side(max_side));
  const Size small = padded_size(impl_->manifest(), seen);
  ApplyOptions options;
  options.smoothing = smoothing;
  options.quality = quality;
  return bytes_needed(impl_->manifest().memory, small, size_of_smoothing({height, width}, options), smoothing);
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
