// SPDX-License-Identifier: Apache-2.0
//
// The pipeline: style photo -> look, content photo + look -> restyled photo.
//
//     #include <fastphoto/engine/stylizer.h>
//     #include <fastphoto/onnxruntime.h>
//
//     fastphoto::Stylizer stylizer("models/photowct-lite", fastphoto::open_onnxruntime());
//     const fastphoto::Look look = stylizer.analyze({style_samples, style_height, style_width});
//     stylizer.apply({samples, height, width}, look, {result, height, width});
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "fastphoto/engine/bundle.h"
#include "fastphoto/engine/look.h"
#include "fastphoto/engine/report.h"
#include "fastphoto/engine/runtime.h"
#include "fastphoto/export.h"
#include "fastphoto/labels.h"
#include "fastphoto/options.h"
#include "fastphoto/pixels.h"
#include "fastphoto/progress.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// What undoes the changes that stylisation made to structure.
enum class Smoothing : std::uint8_t {
  ClosedForm,  ///< the paper's solver
  Guided,      ///< its fast approximation, the guided filter
  None,        ///< the network's photo; no detail is restored either
};

struct AnalyzeOptions {
  Index max_side = 0;  ///< longest side at which the network sees the photo, pixels; 0: the model's own
  Threads threads;     ///< of the engine; the runtime has its own
  Progress progress;
};

struct ApplyOptions {
  Smoothing smoothing = Smoothing::ClosedForm;
  double strength = 1.0;  ///< 0 returns the content as it is, 1 the full look
  Index max_side = 0;     ///< as in AnalyzeOptions
  Threads threads;        ///< of the engine; the runtime has its own
  Progress progress;
  AdjustmentOptions adjustment;  ///< strengths apart, and what is kept of the content
  bool insist = false;  ///< of models with an estimator: all of the look, even where the style hardly fits the content
  Quality quality = Quality::Balanced;  ///< of closed-form smoothing
};

/// A model, ready on a runtime: analyse a style once, apply its look to many photos.
///
/// All functions may be called from several threads at once. Nothing is shared between two Stylizers but a runtime that
/// both were given. A child of fork() may not use a Stylizer that it inherited, since a runtime's threads do not come
/// along: every call there throws Error(Device).
class FASTPHOTO_ENGINE_API Stylizer {
 public:
  /// @throws Error(Model) if the bundle cannot be opened, Error(Device) if the runtime's device cannot be used.
  Stylizer(const std::filesystem::path& bundle, std::shared_ptr<Runtime> runtime);
  Stylizer(Bundle bundle, std::shared_ptr<Runtime> runtime);
  ~Stylizer();
  Stylizer(Stylizer&&) noexcept;
  Stylizer& operator=(Stylizer&&) noexcept;

  const Bundle& bundle() const noexcept;
  DeviceReport device() const;

  /// The look of a style photo: its feature statistics, per label.
  /// @throws Error(InvalidArgument) for what is no photo or no mask, and as the runtime does.
  Look analyze(const Pixels& style, const MaskView& mask = {}, const AnalyzeOptions& options = {}) const;

  /// The content in the look, at the content's full size.
  ///
  /// @param mask    the content's labels, needed exactly if the look was made with a mask. Labels that the style lacks
  ///                keep their look.
  /// @param result  written: the content's height and width, in any format. May be the content's own memory.
  /// @throws Error(InvalidArgument) for what is no photo, no mask or a look of another model; Error(Cancelled).
  Report apply(const Pixels& content, const Look& look, const MutablePixels& result, const MaskView& mask = {},
               const ApplyOptions& options = {}) const;

  /// The content in the look at a smaller size, quickly: what apply() would give there, as near as the eye can tell.
  ///
  /// @param result  written: of preview_size() or any other size that is no larger than the content.
  /// @throws as apply().
  Report preview(const Pixels& content, const Look& look, const MutablePixels& result, const MaskView& mask = {},
                 const ApplyOptions& options = {}) const;

  /// The content's size reduced to a longest side of `side` pixels; never larger than the content.
  static Size preview_size(Size content, Index side);

  /// A photo on its way: the network's part is done, smoothing and what follows is not.
  class FASTPHOTO_ENGINE_API Restyled {
   public:
    ~Restyled();
    Restyled(Restyled&&) noexcept;
    Restyled& operator=(Restyled&&) noexcept;

   private:
    friend class Stylizer;
    struct State;
    explicit Restyled(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };

  /// The two halves of apply(): finish(restyle(content, ...), result). For a stream of photos, restyle() the next one
  /// on another thread while finish() works on this one. The content's pixels are no longer needed when restyle()
  /// returns, except for their alpha, if the result is to have it.
  Restyled restyle(const Pixels& content, const Look& look, const MaskView& mask = {},
                   const ApplyOptions& options = {}) const;
  Report finish(Restyled&& photo, const MutablePixels& result, Threads threads = {},
                const Progress& progress = {}) const;

  /// Does ahead what can be done before a photo of that size comes, and from then on keeps the memory that one photo
  /// takes, until the Stylizer ends: later calls for photos of that size or smaller allocate nothing large.
  void prepare(Index width, Index height, Quality quality = Quality::Balanced) const;

  /// An upper bound for the bytes that apply() takes for a photo of that size, beside the caller's pixels and the
  /// runtime's library. A photo with transparency takes 24 bytes a pixel more.
  std::size_t memory_needed(Index width, Index height, Smoothing smoothing = Smoothing::ClosedForm, Index max_side = 0,
                            Quality quality = Quality::Balanced) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fastphoto
