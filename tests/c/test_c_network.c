/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests the pipeline of the C API with a real model and runtime.  c_network MODEL_FOLDER; needs FASTPHOTO_ONNXRUNTIME
 */
#include <math.h>
#include <stdlib.h>

#include "checks.h"

enum { height = 72, width = 96, skipped = 77 };

static unsigned char content[height * width * 3];
static unsigned char style[height * width * 3];
static unsigned char labels[height * width];

static void fill(void) {
  unsigned seed = 3;
  int i;
  for (i = 0; i < height * width; ++i) {
    const int x = i % width;
    const int y = i / width;
    seed = seed * 1664525U + 1013904223U;
    content[3 * i] = (unsigned char)(40 + x + (seed >> 28));
    content[3 * i + 1] = (unsigned char)(60 + y + (seed >> 28));
    content[3 * i + 2] = (unsigned char)(200 - x + (seed >> 28));
    style[3 * i] = (unsigned char)(20 + 2 * y);
    style[3 * i + 1] = (unsigned char)(160 - x + (seed >> 28));
    style[3 * i + 2] = (unsigned char)(30 + y + (seed >> 27));
    labels[i] = (unsigned char)(x < width / 2 ? 1 : 2);
  }
}

static fastphoto_pixels to_read(const unsigned char* data) {
  fastphoto_pixels pixels;
  CHECK_OK(fastphoto_pixels_init(&pixels, sizeof pixels));
  pixels.data = data;
  pixels.height = height;
  pixels.width = width;
  pixels.type = FASTPHOTO_UINT8;
  return pixels;
}

static fastphoto_mutable_pixels to_write(unsigned char* data, int order) {
  fastphoto_mutable_pixels pixels;
  CHECK_OK(fastphoto_mutable_pixels_init(&pixels, sizeof pixels));
  pixels.data = data;
  pixels.height = height;
  pixels.width = width;
  pixels.type = FASTPHOTO_UINT8;
  pixels.order = order;
  return pixels;
}

static int count_calls(void* user, const char* step, double share) {
  CHECK(step != NULL && share >= 0.0 && share <= 1.0);
  ++*(int*)user;
  return 1;
}

static int cancel(void* user, const char* step, double share) {
  (void)user;
  (void)step;
  (void)share;
  return 0;
}

static void test_apply(const fastphoto_stylizer* stylizer, const fastphoto_look* look) {
  static unsigned char rgb[height * width * 3];
  static unsigned char bgra[height * width * 4];
  static unsigned char halves[height * width * 3];
  const fastphoto_pixels photo = to_read(content);
  const fastphoto_mutable_pixels result = to_write(rgb, FASTPHOTO_RGB);
  const fastphoto_mutable_pixels other = to_write(bgra, FASTPHOTO_BGRA);
  const fastphoto_mutable_pixels finished = to_write(halves, FASTPHOTO_RGB);
  fastphoto_apply_options options;
  fastphoto_report* report = NULL;
  fastphoto_report_numbers numbers;
  fastphoto_restyled* restyled = NULL;
  int64_t label = -1;
  size_t i;
  int calls = 0;

  CHECK_OK(fastphoto_apply_options_init(&options, sizeof options));
  options.progress = count_calls;
  options.progress_user = &calls;
  CHECK_OK(fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, &options, &report));
  CHECK(calls > 2);
  CHECK(memcmp(rgb, content, sizeof rgb) != 0);

  CHECK_OK(fastphoto_report_numbers_init(&numbers, sizeof numbers));
  CHECK_OK(fastphoto_report_read(report, &numbers));
  CHECK(numbers.content_height == height && numbers.content_width == width && numbers.strength == 1.0);
  CHECK(numbers.solved == 1 && numbers.iterations > 0 && numbers.stage_count > 0 && numbers.seconds > 0.0);
  CHECK(numbers.label_count == 0); /* there was no mask */
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "index", fastphoto_report_label(report, 0, &label));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "index", fastphoto_report_kept_label(report, 0, &label));
  CHECK(strcmp(fastphoto_report_smoothing(report), "closed-form") == 0);
  CHECK(strcmp(fastphoto_device_used(fastphoto_report_device(report)), "cpu") == 0);
  CHECK(strcmp(fastphoto_report_model(report), fastphoto_stylizer_model(stylizer)) == 0);
  for (i = 0; i < numbers.stage_count; ++i) {
    const char* name = NULL;
    double seconds = -1.0;
    CHECK_OK(fastphoto_report_stage(report, i, &name, &seconds));
    CHECK(name != NULL && seconds >= 0.0);
  }
  fastphoto_report_free(report);

  CHECK(numbers.smoothing_height == height && numbers.smoothing_width == width && numbers.smoothing_error == 0.0);

  /* A preview of the content's own size is the result of a draft, and a smaller one has its size. */
  {
    ptrdiff_t small_width = 0;
    ptrdiff_t small_height = 0;
    fastphoto_mutable_pixels small = to_write(halves, FASTPHOTO_RGB);
    options.quality = FASTPHOTO_QUALITY_DRAFT;
    CHECK_OK(fastphoto_stylizer_preview(stylizer, &photo, look, &small, NULL, &options, NULL));
    CHECK(memcmp(rgb, halves, sizeof rgb) == 0); /* so small a photo is smoothed exactly */
    CHECK_OK(fastphoto_preview_size(width, height, 20, &small_width, &small_height));
    CHECK((small_width == 20 || small_height == 20) && small_width <= 20 && small_height <= 20);
    small.width = small_width;
    small.height = small_height;
    small.row_stride = 0;
    CHECK_OK(fastphoto_stylizer_preview(stylizer, &photo, look, &small, NULL, &options, &report));
    CHECK_OK(fastphoto_report_read(report, &numbers));
    CHECK(numbers.smoothing_height == small_height && numbers.content_height == height);
    fastphoto_report_free(report);
    CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "side",
                fastphoto_preview_size(width, height, 0, &small_width, &small_height));
    options.quality = 3;
    CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "found 3 as quality",
                fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, &options, NULL));
    options.quality = FASTPHOTO_QUALITY_BALANCED;
  }

  /* Another format holds the same photo; alpha is opaque. */
  CHECK_OK(fastphoto_stylizer_apply(stylizer, &photo, look, &other, NULL, NULL, NULL));
  for (i = 0; i < height * width; ++i) {
    CHECK(bgra[4 * i] == rgb[3 * i + 2] && bgra[4 * i + 1] == rgb[3 * i + 1] && bgra[4 * i + 2] == rgb[3 * i]);
    CHECK(bgra[4 * i + 3] == 255);
  }

  /* The two halves are the whole, bit for bit. */
  CHECK_OK(fastphoto_stylizer_restyle(stylizer, &photo, look, NULL, NULL, &restyled));
  CHECK_OK(fastphoto_stylizer_finish(stylizer, &restyled, &finished, NULL, NULL));
  CHECK(restyled == NULL);
  CHECK(memcmp(rgb, halves, sizeof rgb) == 0);
  CHECK_OK(fastphoto_stylizer_restyle(stylizer, &photo, look, NULL, NULL, &restyled));
  fastphoto_restyled_free(restyled); /* a photo that nobody wants any more */

  options.progress = cancel;
  CHECK_FAILS(FASTPHOTO_CANCELLED, "",
              fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, &options, &report));
  CHECK(report == NULL);
  options.progress = NULL;
  options.strength = 2.0;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "strength",
              fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, &options, NULL));
  options.strength = 1.0;
  options.smoothing = 9;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "found 9 as smoothing",
              fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, &options, NULL));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "content is NULL",
              fastphoto_stylizer_apply(stylizer, NULL, look, &result, NULL, NULL, NULL));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "look is NULL",
              fastphoto_stylizer_apply(stylizer, &photo, NULL, &result, NULL, NULL, NULL));
  {
    fastphoto_mutable_pixels narrow = result;
    narrow.width -= 1;
    CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "",
                fastphoto_stylizer_apply(stylizer, &photo, look, &narrow, NULL, NULL, NULL));
  }
}

static void test_masks(const fastphoto_stylizer* stylizer) {
  static unsigned char rgb[height * width * 3];
  const fastphoto_pixels photo = to_read(content);
  const fastphoto_pixels style_photo = to_read(style);
  const fastphoto_mutable_pixels result = to_write(rgb, FASTPHOTO_RGB);
  static float weights[height * width * 2];
  fastphoto_mask mask;
  fastphoto_look* look = NULL;
  fastphoto_look* soft = NULL;
  fastphoto_report* report = NULL;
  fastphoto_report_numbers numbers;
  int64_t label = 0;
  double area = 0.0;
  double soft_area = 0.0;
  int i;
  CHECK_OK(fastphoto_mask_init(&mask, sizeof mask));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "neither labels nor weights",
              fastphoto_stylizer_analyze(stylizer, &style_photo, &mask, NULL, &look));
  mask.height = height;
  mask.width = width;
  mask.labels = labels;
  CHECK_OK(fastphoto_stylizer_analyze(stylizer, &style_photo, &mask, NULL, &look));
  CHECK(fastphoto_look_masked(look) == 1 && fastphoto_look_label_count(look) == 2);
  CHECK_OK(fastphoto_look_label(look, 1, &label, &area));
  CHECK(label == 2 && area > 0.0);
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "index", fastphoto_look_label(look, 2, &label, &area));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "mask",
              fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, NULL, NULL));
  CHECK_OK(fastphoto_stylizer_apply(stylizer, &photo, look, &result, &mask, NULL, &report));
  CHECK_OK(fastphoto_report_numbers_init(&numbers, sizeof numbers));
  CHECK_OK(fastphoto_report_read(report, &numbers));
  CHECK(numbers.label_count == 2 && numbers.kept_label_count == 0);
  CHECK_OK(fastphoto_report_label(report, 1, &label));
  CHECK(label == 2);
  fastphoto_report_free(report);

  /* Soft weights of the same two areas, as labels 0 and 1. */
  for (i = 0; i < height * width; ++i) {
    weights[2 * i] = labels[i] == 1 ? 1.0F : 0.0F;
    weights[2 * i + 1] = 1.0F - weights[2 * i];
  }
  mask.labels = NULL;
  mask.weights = weights;
  mask.weight_count = 2;
  CHECK_OK(fastphoto_stylizer_analyze(stylizer, &style_photo, &mask, NULL, &soft));
  CHECK_OK(fastphoto_look_label(soft, 1, &label, &soft_area));
  CHECK(label == 1 && soft_area == area);
  fastphoto_look_free(soft);
  fastphoto_look_free(look);
}

static double luma(const unsigned char* pixel) { return 0.2126 * pixel[0] + 0.7152 * pixel[1] + 0.0722 * pixel[2]; }

/* Strengths apart, and what is kept of the content. */
static void test_adjustment(const fastphoto_stylizer* stylizer, const fastphoto_look* look) {
  static unsigned char whole[height * width * 3];
  static unsigned char rgb[height * width * 3];
  const fastphoto_pixels photo = to_read(content);
  const fastphoto_mutable_pixels all = to_write(whole, FASTPHOTO_RGB);
  const fastphoto_mutable_pixels result = to_write(rgb, FASTPHOTO_RGB);
  fastphoto_apply_options options;
  double changed = 0.0;
  double kept = 0.0;
  int worst = 0;
  int i;
  CHECK_OK(fastphoto_apply_options_init(&options, sizeof options));
  CHECK_OK(fastphoto_stylizer_apply(stylizer, &photo, look, &all, NULL, &options, NULL));
  options.preserve_luminance = 1;
  CHECK_OK(fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, &options, NULL));
  for (i = 0; i < height * width; ++i) {
    changed += fabs(luma(whole + 3 * i) - luma(content + 3 * i));
    kept += fabs(luma(rgb + 3 * i) - luma(content + 3 * i));
  }
  CHECK(changed > 5.0 * height * width); /* steps of 255 */
  CHECK(kept < 1.0 * height * width);    /* rounding to 8 bits */
  CHECK(memcmp(rgb, content, sizeof rgb) != 0);

  /* Without any of the three changes, the content comes back. */
  options.preserve_luminance = 0;
  options.tone = options.colour = options.white_balance = 0.0;
  CHECK_OK(fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, &options, NULL));
  for (i = 0; i < height * width * 3; ++i) {
    const int difference = abs((int)rgb[i] - (int)content[i]);
    worst = difference > worst ? difference : worst;
  }
  CHECK(worst <= 1);
  options.tone = 1.6;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "tone",
              fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, &options, NULL));
}

/* What is transparent has no say, in the style as in the content. */
static void test_alpha(const fastphoto_stylizer* stylizer) {
  static unsigned char hidden[height * width * 3];
  static float opacity[height * width];
  static unsigned char first[height * width * 3];
  static unsigned char second[height * width * 3];
  const fastphoto_pixels style_photo = to_read(style);
  const fastphoto_pixels other_photo = to_read(hidden);
  const fastphoto_pixels photo = to_read(content);
  const fastphoto_mutable_pixels result = to_write(first, FASTPHOTO_RGB);
  const fastphoto_mutable_pixels again = to_write(second, FASTPHOTO_RGB);
  fastphoto_image alpha;
  fastphoto_mask mask;
  fastphoto_look* look = NULL;
  fastphoto_look* same = NULL;
  int i;
  memcpy(hidden, style, sizeof hidden);
  for (i = 0; i < height * width; ++i) {
    opacity[i] = i % width < width / 3 ? 0.0F : 1.0F;
    if (opacity[i] == 0.0F) { /* magenta, where nobody sees it */
      hidden[3 * i] = 255;
      hidden[3 * i + 1] = 0;
      hidden[3 * i + 2] = 255;
    }
  }
  CHECK_OK(fastphoto_image_init(&alpha, sizeof alpha));
  alpha.data = opacity;
  alpha.height = height;
  alpha.width = width;
  alpha.channels = 1;
  CHECK_OK(fastphoto_mask_init(&mask, sizeof mask));
  mask.alpha = &alpha;
  CHECK_OK(fastphoto_stylizer_analyze(stylizer, &style_photo, &mask, NULL, &look));
  CHECK_OK(fastphoto_stylizer_analyze(stylizer, &other_photo, &mask, NULL, &same));
  CHECK(fastphoto_look_masked(look) == 0);
  CHECK_OK(fastphoto_stylizer_apply(stylizer, &photo, look, &result, NULL, NULL, NULL));
  CHECK_OK(fastphoto_stylizer_apply(stylizer, &photo, same, &again, NULL, NULL, NULL));
  CHECK(memcmp(first, second, sizeof first) == 0);
  /* Of the content, alpha changes the statistics, so the result is another. */
  CHECK_OK(fastphoto_stylizer_apply(stylizer, &photo, look, &again, &mask, NULL, NULL));
  CHECK(memcmp(first, second, sizeof first) != 0);
  alpha.width -= 1;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "alpha",
              fastphoto_stylizer_apply(stylizer, &photo, look, &again, &mask, NULL, NULL));
  alpha.width += 1;
  opacity[5] = 2.0F;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "0..1",
              fastphoto_stylizer_apply(stylizer, &photo, look, &again, &mask, NULL, NULL));
  fastphoto_look_free(look);
  fastphoto_look_free(same);
}

static void test_look_files(const fastphoto_look* look, const char* path) {
  size_t size = 0;
  size_t size_again = 0;
  unsigned char* bytes;
  unsigned char* again;
  fastphoto_look* loaded = NULL;
  fastphoto_look* read = NULL;
  CHECK_OK(fastphoto_look_to_bytes(look, NULL, 0, &size));
  CHECK(size > 8);
  bytes = (unsigned char*)malloc(size);
  again = (unsigned char*)malloc(size);
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "room", fastphoto_look_to_bytes(look, bytes, size - 1, &size_again));
  CHECK_OK(fastphoto_look_to_bytes(look, bytes, size, &size_again));
  CHECK(size == size_again);
  CHECK_OK(fastphoto_look_save(look, path));
  CHECK_OK(fastphoto_look_load(path, &loaded));
  CHECK_OK(fastphoto_look_to_bytes(loaded, again, size, &size_again));
  CHECK(memcmp(bytes, again, size) == 0);
  CHECK_OK(fastphoto_look_from_bytes(bytes, size, "memory", &read));
  CHECK(strcmp(fastphoto_look_fingerprint(read), fastphoto_look_fingerprint(look)) == 0);
  fastphoto_look_free(loaded);
  fastphoto_look_free(read);
  free(bytes);
  free(again);
  CHECK(remove(path) == 0);
}

int main(int count, char** arguments) {
  fastphoto_runtime_options options;
  fastphoto_runtime* runtime = NULL;
  fastphoto_stylizer* stylizer = NULL;
  fastphoto_look* look = NULL;
  fastphoto_device* device = NULL;
  fastphoto_pixels style_photo;
  size_t bytes = 0;
  if (getenv("FASTPHOTO_ONNXRUNTIME") == NULL) {
    puts("skipped: FASTPHOTO_ONNXRUNTIME does not name ONNX Runtime's library");
    return skipped;
  }
  if (count != 2) {
    return EXIT_FAILURE;
  }
  fill();
  style_photo = to_read(style);
  CHECK_OK(fastphoto_runtime_options_init(&options, sizeof options));
  options.device = 17;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "found 17 as device", fastphoto_runtime_open(&options, &runtime));
  options.device = FASTPHOTO_DEVICE_CPU;
  options.threads = 1;
  CHECK_OK(fastphoto_runtime_open(&options, &runtime));
  CHECK_FAILS(FASTPHOTO_MODEL, "no/such/model", fastphoto_stylizer_open("no/such/model", runtime, &stylizer));
  CHECK_OK(fastphoto_stylizer_open(arguments[1], runtime, &stylizer));
  fastphoto_runtime_free(runtime); /* the stylizer keeps what it needs */
  if (stylizer == NULL) {
    return EXIT_FAILURE;
  }
  CHECK_OK(fastphoto_stylizer_device(stylizer, &device));
  CHECK(strcmp(fastphoto_device_requested(device), "cpu") == 0 && strcmp(fastphoto_device_used(device), "cpu") == 0);
  fastphoto_device_free(device);
  CHECK(strlen(fastphoto_stylizer_model_version(stylizer)) > 0 && strlen(fastphoto_stylizer_licence(stylizer)) > 0);
  CHECK(strlen(fastphoto_stylizer_fingerprint(stylizer)) == 64);
  CHECK_OK(fastphoto_stylizer_memory_needed(stylizer, width, height, FASTPHOTO_SMOOTHING_CLOSED_FORM, 0, &bytes));
  CHECK(bytes > (size_t)height * width * 3 * sizeof(float));
  CHECK_OK(fastphoto_stylizer_prepare(stylizer, width, height));
  CHECK_OK(fastphoto_stylizer_analyze(stylizer, &style_photo, NULL, NULL, &look));
  CHECK(fastphoto_look_masked(look) == 0 && fastphoto_look_label_count(look) == 1);
  CHECK(strcmp(fastphoto_look_model(look), fastphoto_stylizer_model(stylizer)) == 0);
  test_apply(stylizer, look);
  test_masks(stylizer);
  test_adjustment(stylizer, look);
  test_alpha(stylizer);
  test_look_files(look, "c_network.look");
  fastphoto_look_free(look);
  fastphoto_stylizer_free(stylizer);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
