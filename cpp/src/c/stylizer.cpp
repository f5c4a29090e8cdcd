// SPDX-License-Identifier: Apache-2.0
//
// C API: a model that is ready on a runtime, and what it does with photos.
#include <memory>
#include <utility>

#include "c/calls.h"
#include "c/handles.h"
#include "c/views.h"

using namespace fastphoto;     // NOLINT(google-build-using-namespace): this file defines functions of C
using namespace fastphoto::c;  // NOLINT(google-build-using-namespace)

namespace {

fastphoto_analyze_options default_analyze_options() {
  fastphoto_analyze_options options = {};
  options.struct_size = sizeof options;
  options.threads = all_threads;
  return options;
}

fastphoto_apply_options default_apply_options() {
  const ApplyOptions defaults;
  fastphoto_apply_options options = {};
  options.struct_size = sizeof options;
  options.smoothing = static_cast<int>(defaults.smoothing);
  options.strength = defaults.strength;
  options.threads = all_threads;
  options.quality = static_cast<int>(defaults.quality);
  options.tone = defaults.adjustment.tone;
  options.colour = defaults.adjustment.colour;
  options.white_balance = defaults.adjustment.white_balance;
  options.preserve_luminance = defaults.adjustment.preserve_luminance ? 1 : 0;
  options.preserve_skin = defaults.adjustment.preserve_skin ? 1 : 0;
  options.preserve_neutrals = defaults.adjustment.preserve_neutrals ? 1 : 0;
  return options;
}

fastphoto_finish_options default_finish_options() {
  fastphoto_finish_options options = {};
  options.struct_size = sizeof options;
  options.threads = all_threads;
  return options;
}

Smoothing read_smoothing(int number) { return read_enum(number, Smoothing::None, "smoothing"); }

Quality read_quality(int number) { return read_enum(number, Quality::Exact, "quality"); }

ApplyOptions apply_options(const fastphoto_apply_options& given, const CallThreads& threads) {
  ApplyOptions options;
  options.smoothing = read_smoothing(given.smoothing);
  options.quality = read_quality(given.quality);
  options.strength = given.strength;
  options.insist = given.insist != 0;
  options.max_side = given.max_side;
  options.adjustment.tone = given.tone;
  options.adjustment.colour = given.colour;
  options.adjustment.white_balance = given.white_balance;
  options.adjustment.preserve_luminance = given.preserve_luminance != 0;
  options.adjustment.preserve_skin = given.preserve_skin != 0;
  options.adjustment.preserve_neutrals = given.preserve_neutrals != 0;
  options.threads = threads.get();
  options.progress = progress_of(given.progress, given.progress_user);
  return options;
}

void hand_out(Report&& made, fastphoto_report** report) {
  if (report != nullptr) {
    const DeviceReport device = made.device;
    *report = std::make_unique<fastphoto_report>(fastphoto_report{std::move(made), {device}}).release();
  }
}

/// Stylizer::apply and Stylizer::preview.
template <Report (Stylizer::*call)(const Pixels&, const Look&, const MutablePixels&, const MaskView&,
                                   const ApplyOptions&) const>
fastphoto_status run(const fastphoto_stylizer* stylizer, const fastphoto_pixels* content, const fastphoto_look* look,
                     const fastphoto_mutable_pixels* result, const fastphoto_mask* mask,
                     const fastphoto_apply_options* options, fastphoto_report** report) {
  return guarded([&] {
    if (report != nullptr) {
      *report = nullptr;
    }
    expect_given(stylizer, "stylizer");
    expect_given(look, "look");
    const auto given = read_options(options, "fastphoto_apply_options", default_apply_options());
    const CallThreads threads(given.threads, given.pool);
    hand_out((stylizer->stylizer.*call)(read_view(content, "content"), look->look, read_view(result, "result"),
                                        read_view(mask, "mask"), apply_options(given, threads)),
             report);
  });
}

}  // namespace

fastphoto_status fastphoto_analyze_options_init(fastphoto_analyze_options* options, size_t struct_size) {
  return initialise(options, struct_size, "fastphoto_analyze_options", default_analyze_options());
}

fastphoto_status fastphoto_apply_options_init(fastphoto_apply_options* options, size_t struct_size) {
  return initialise(options, struct_size, "fastphoto_apply_options", default_apply_options());
}

fastphoto_status fastphoto_finish_options_init(fastphoto_finish_options* options, size_t struct_size) {
  return initialise(options, struct_size, "fastphoto_finish_options", default_finish_options());
}

fastphoto_status fastphoto_stylizer_open(const char* bundle, const fastphoto_runtime* runtime,
                                         fastphoto_stylizer** stylizer) {
  return guarded_make(stylizer, "stylizer", [&] {
    expect_given(bundle, "bundle");
    expect_given(runtime, "runtime");
    return std::make_unique<fastphoto_stylizer>(fastphoto_stylizer{Stylizer(path_of(bundle), runtime->runtime)});
  });
}

// NOLINTNEXTLINE(misc-const-correctness): who frees a handle owns it
void fastphoto_stylizer_free(fastphoto_stylizer* stylizer) { delete stylizer; }

const char* fastphoto_stylizer_model(const fastphoto_stylizer* stylizer) {
  return stylizer != nullptr ? stylizer->stylizer.bundle().manifest().name.c_str() : nullptr;
}

const char* fastphoto_stylizer_model_version(const fastphoto_stylizer* stylizer) {
  return stylizer != nullptr ? stylizer->stylizer.bundle().manifest().version.c_str() : nullptr;
}

const char* fastphoto_stylizer_fingerprint(const fastphoto_stylizer* stylizer) {
  return stylizer != nullptr ? stylizer->stylizer.bundle().fingerprint().c_str() : nullptr;
}

const char* fastphoto_stylizer_licence(const fastphoto_stylizer* stylizer) {
  return stylizer != nullptr ? stylizer->stylizer.bundle().manifest().licence.c_str() : nullptr;
}

fastphoto_status fastphoto_stylizer_device(const fastphoto_stylizer* stylizer, fastphoto_device** device) {
  return guarded_make(device, "device", [&] {
    expect_given(stylizer, "stylizer");
    return std::make_unique<fastphoto_device>(fastphoto_device{stylizer->stylizer.device()});
  });
}

fastphoto_status fastphoto_stylizer_prepare(const fastphoto_stylizer* stylizer, ptrdiff_t width, ptrdiff_t height) {
  return fastphoto_stylizer_prepare_for(stylizer, width, height, static_cast<int>(ApplyOptions().quality));
}

fastphoto_status fastphoto_stylizer_prepare_for(const fastphoto_stylizer* stylizer, ptrdiff_t width, ptrdiff_t height,
                                                int quality) {
  return guarded([&] {
    expect_given(stylizer, "stylizer");
    stylizer->stylizer.prepare(width, height, read_quality(quality));
  });
}

fastphoto_status fastphoto_stylizer_memory_needed(const fastphoto_stylizer* stylizer, ptrdiff_t width, ptrdiff_t height,
                                                  int smoothing, ptrdiff_t max_side, size_t* bytes) {
  return fastphoto_stylizer_memory_needed_for(stylizer, width, height, smoothing,
                                              static_cast<int>(ApplyOptions().quality), max_side, bytes);
}

fastphoto_status fastphoto_stylizer_memory_needed_for(const fastphoto_stylizer* stylizer, ptrdiff_t width,
                                                      ptrdiff_t height, int smoothing, int quality, ptrdiff_t max_side,
                                                      size_t* bytes) {
  return guarded([&] {
    expect_given(stylizer, "stylizer");
    expect_given(bytes, "bytes");
    *bytes =
        stylizer->stylizer.memory_needed(width, height, read_smoothing(smoothing), max_side, read_quality(quality));
  });
}

fastphoto_status fastphoto_stylizer_analyze(const fastphoto_stylizer* stylizer, const fastphoto_pixels* style,
                                            const fastphoto_mask* mask, const fastphoto_analyze_options* options,
                                            fastphoto_look** look) {
  return guarded_make(look, "look", [&] {
    expect_given(stylizer, "stylizer");
    const auto given = read_options(options, "fastphoto_analyze_options", default_analyze_options());
    const CallThreads threads(given.threads, given.pool);
    AnalyzeOptions analyze;
    analyze.max_side = given.max_side;
    analyze.threads = threads.get();
    analyze.progress = progress_of(given.progress, given.progress_user);
    return std::make_unique<fastphoto_look>(
        fastphoto_look{stylizer->stylizer.analyze(read_view(style, "style"), read_view(mask, "mask"), analyze)});
  });
}

fastphoto_status fastphoto_stylizer_apply(const fastphoto_stylizer* stylizer, const fastphoto_pixels* content,
                                          const fastphoto_look* look, const fastphoto_mutable_pixels* result,
                                          const fastphoto_mask* mask, const fastphoto_apply_options* options,
                                          fastphoto_report** report) {
  return run<&Stylizer::apply>(stylizer, content, look, result, mask, options, report);
}

fastphoto_status fastphoto_stylizer_preview(const fastphoto_stylizer* stylizer, const fastphoto_pixels* content,
                                            const fastphoto_look* look, const fastphoto_mutable_pixels* result,
                                            const fastphoto_mask* mask, const fastphoto_apply_options* options,
                                            fastphoto_report** report) {
  return run<&Stylizer::preview>(stylizer, content, look, result, mask, options, report);
}

fastphoto_status fastphoto_preview_size(ptrdiff_t content_width, ptrdiff_t content_height, ptrdiff_t side,
                                        ptrdiff_t* width, ptrdiff_t* height) {
  return guarded([&] {
    expect_given(width, "width");
    expect_given(height, "height");
    const Size size = Stylizer::preview_size({content_height, content_width}, side);
    *width = size.width;
    *height = size.height;
  });
}

fastphoto_status fastphoto_stylizer_restyle(const fastphoto_stylizer* stylizer, const fastphoto_pixels* content,
                                            const fastphoto_look* look, const fastphoto_mask* mask,
                                            const fastphoto_apply_options* options, fastphoto_restyled** photo) {
  return guarded_make(photo, "photo", [&] {
    expect_given(stylizer, "stylizer");
    expect_given(look, "look");
    const auto given = read_options(options, "fastphoto_apply_options", default_apply_options());
    const CallThreads threads(given.threads, given.pool);
    return std::make_unique<fastphoto_restyled>(fastphoto_restyled{stylizer->stylizer.restyle(
        read_view(content, "content"), look->look, read_view(mask, "mask"), apply_options(given, threads))});
  });
}

fastphoto_status fastphoto_stylizer_finish(const fastphoto_stylizer* stylizer, fastphoto_restyled** photo,
                                           const fastphoto_mutable_pixels* result,
                                           const fastphoto_finish_options* options, fastphoto_report** report) {
  return guarded([&] {
    if (report != nullptr) {
      *report = nullptr;
    }
    expect_given(static_cast<const void*>(photo), "photo");
    expect_given(*photo, "*photo");
    const std::unique_ptr<fastphoto_restyled> taken(std::exchange(*photo, nullptr));
    expect_given(stylizer, "stylizer");
    const auto given = read_options(options, "fastphoto_finish_options", default_finish_options());
    const CallThreads threads(given.threads, given.pool);
    hand_out(stylizer->stylizer.finish(std::move(taken->photo), read_view(result, "result"), threads.get(),
                                       progress_of(given.progress, given.progress_user)),
             report);
  });
}

// NOLINTNEXTLINE(misc-const-correctness): who frees a handle owns it
void fastphoto_restyled_free(fastphoto_restyled* photo) { delete photo; }
