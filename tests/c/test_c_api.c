/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests what the C API does without a network: structs, errors, smoothing, filters, looks' files.
 */
#include <math.h>
#include <stdlib.h>

#include "checks.h"

enum { height = 23, width = 31, samples = height * width * 3 };

/* A photo with edges and some noise, always the same. */
static void fill(float* photo, unsigned seed) {
  int i;
  for (i = 0; i < samples; ++i) {
    seed = seed * 1664525U + 1013904223U;
    photo[i] = (float)((i / 3) % width > width / 2) * 0.5F + 0.4F * (float)(seed >> 8) / 16777216.0F;
  }
}

static fastphoto_image image_of(const float* data, ptrdiff_t channels) {
  fastphoto_image image;
  CHECK_OK(fastphoto_image_init(&image, sizeof image));
  image.data = data;
  image.height = height;
  image.width = width;
  image.channels = channels;
  return image;
}

static void test_structs(void) {
  fastphoto_apply_options options;
  fastphoto_mask mask;
  fastphoto_smoothing_options smoothing;
  CHECK_OK(fastphoto_apply_options_init(&options, sizeof options));
  CHECK(options.struct_size == sizeof options);
  CHECK(options.strength == 1.0);
  CHECK(options.smoothing == FASTPHOTO_SMOOTHING_CLOSED_FORM);
  CHECK(options.pool == NULL && options.progress == NULL);
  CHECK(options.quality == FASTPHOTO_QUALITY_BALANCED);
  /* A program that was compiled before there was a quality. */
  CHECK_OK(fastphoto_apply_options_init(&options, offsetof(fastphoto_apply_options, quality)));
  CHECK(options.struct_size == offsetof(fastphoto_apply_options, quality) && options.strength == 1.0);
  CHECK_OK(fastphoto_apply_options_init(&options, sizeof options));
  CHECK(options.tone == 1.0 && options.colour == 1.0 && options.white_balance == 1.0);
  CHECK(options.preserve_luminance == 0 && options.preserve_skin == 0 && options.preserve_neutrals == 0);
  /* A program that was compiled before masks had alpha. */
  CHECK_OK(fastphoto_mask_init(&mask, offsetof(fastphoto_mask, alpha)));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "struct_size of fastphoto_mask",
              fastphoto_mask_init(&mask, offsetof(fastphoto_mask, alpha) - 8));
  CHECK_OK(fastphoto_smoothing_options_init(&smoothing, sizeof smoothing));
  CHECK(smoothing.lam > 0.0 && smoothing.rtol > 0.0 && smoothing.page_pool == 1 && smoothing.normalized == 0);
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "NULL", fastphoto_apply_options_init(NULL, sizeof options));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "found 7 as struct_size of fastphoto_apply_options",
              fastphoto_apply_options_init(&options, 7));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "struct_size", fastphoto_apply_options_init(&options, sizeof options + 8));
}

static int calls = 0;

static int one_task(void* user) {
  (void)user;
  return 3;
}

/* A pool that runs its tasks one after another, the last one first. */
static void run_backwards(void* user, int count, void (*task)(void* context, int index), void* context) {
  int i;
  ++*(int*)user;
  for (i = count - 1; i >= 0; --i) {
    task(context, i);
  }
}

static int cancel_at_second(void* user, int iteration, double residual) {
  (void)user;
  (void)residual;
  return iteration < 2;
}

static void test_smoothing(void) {
  static float content[samples];
  static float stylized[samples];
  static float result[samples];
  static float again[samples];
  fastphoto_image content_image = image_of(content, 3);
  fastphoto_image stylized_image = image_of(stylized, 3);
  fastphoto_solver_info info;
  fastphoto_smoothing_options options;
  fastphoto_solve_options solve;
  fastphoto_thread_pool pool;
  fastphoto_smoother* smoother = NULL;
  double roughness_before = 0.0;
  double roughness_after = 0.0;
  int i;
  fill(content, 1);
  fill(stylized, 2);

  CHECK_OK(fastphoto_solver_info_init(&info, sizeof info));
  CHECK_OK(fastphoto_closed_form_smooth(&stylized_image, &content_image, NULL, result, samples, &info));
  CHECK(info.converged == 1 && info.iterations > 0 && info.residual <= 1e-3);
  for (i = 3; i < samples; ++i) {
    roughness_before += fabs((double)(stylized[i] - stylized[i - 3]));
    roughness_after += fabs((double)(result[i] - result[i - 3]));
  }
  CHECK(roughness_after < 0.8 * roughness_before); /* the stylized photo's own noise is smoothed away */

  /* Set-up and solve apart give the same, bit for bit, also on a host's pool. */
  CHECK_OK(fastphoto_smoothing_options_init(&options, sizeof options));
  CHECK_OK(fastphoto_thread_pool_init(&pool, sizeof pool));
  pool.user = &calls;
  pool.size = one_task;
  pool.run = run_backwards;
  options.pool = &pool;
  CHECK_OK(fastphoto_smoother_open(&content_image, NULL, &options, &smoother));
  CHECK(calls > 0);
  CHECK_OK(fastphoto_solve_options_init(&solve, sizeof solve));
  solve.pool = &pool;
  CHECK_OK(fastphoto_smoother_solve(smoother, &stylized_image, &solve, again, samples, NULL));
  CHECK(memcmp(result, again, sizeof result) == 0);

  /* A solve that starts from the solution has nothing to do but to see that. */
  {
    const fastphoto_image initial = image_of(result, 3);
    fastphoto_solver_info short_info;
    CHECK_OK(fastphoto_solver_info_init(&short_info, sizeof short_info));
    solve.initial = &initial;
    CHECK_OK(fastphoto_smoother_solve(smoother, &stylized_image, &solve, again, samples, &short_info));
    CHECK(short_info.iterations < info.iterations);
    solve.initial = NULL;
  }

  solve.rtol = 1e-9;
  solve.progress = cancel_at_second;
  CHECK_FAILS(FASTPHOTO_CANCELLED, "",
              fastphoto_smoother_solve(smoother, &stylized_image, &solve, again, samples, NULL));

  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "found room for 5 samples in result; expected 2139",
              fastphoto_smoother_solve(smoother, &stylized_image, NULL, again, 5, NULL));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "smoother is NULL",
              fastphoto_smoother_solve(NULL, &stylized_image, NULL, again, samples, NULL));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "stylized is NULL",
              fastphoto_smoother_solve(smoother, NULL, NULL, again, samples, NULL));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "result is NULL",
              fastphoto_smoother_solve(smoother, &stylized_image, NULL, NULL, samples, NULL));
  info.struct_size = 3;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "struct_size of fastphoto_solver_info",
              fastphoto_smoother_solve(smoother, &stylized_image, NULL, again, samples, &info));
  fastphoto_smoother_free(smoother);

  pool.run = NULL;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "without size or run",
              fastphoto_smoother_open(&content_image, NULL, &options, &smoother));
  CHECK(smoother == NULL);
  options.pool = NULL;
  options.threads = -1;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "threads",
              fastphoto_smoother_open(&content_image, NULL, &options, &smoother));
  options.threads = 1;
  options.lam = -2.0;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "lam", fastphoto_smoother_open(&content_image, NULL, &options, &smoother));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "smoother is NULL",
              fastphoto_smoother_open(&content_image, NULL, NULL, NULL));
}

static void test_images(void) {
  static float content[samples];
  static float result[samples];
  static float upside_down[samples];
  fastphoto_image image = image_of(content, 3);
  int y;
  fill(content, 5);
  content[7] = (float)NAN;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "", fastphoto_guided_filter(&image, &image, NULL, result, samples));
  content[7] = 0.5F;

  /* A negative stride reads the rows from the last one on. */
  CHECK_OK(fastphoto_guided_filter(&image, &image, NULL, result, samples));
  image.data = content + (size_t)(height - 1) * width * 3;
  image.row_stride = -(ptrdiff_t)(width * 3 * sizeof(float));
  CHECK_OK(fastphoto_guided_filter(&image, &image, NULL, upside_down, samples));
  for (y = 0; y < height; ++y) {
    int x;
    for (x = 0; x < width * 3; ++x) {
      /* Sums run the other way, so that they are rounded otherwise: a few units of float32. */
      CHECK(fabs((double)(result[y * width * 3 + x] - upside_down[(height - 1 - y) * width * 3 + x])) < 1e-5);
    }
  }

  image = image_of(NULL, 3);
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "guide is NULL",
              fastphoto_guided_filter(&image, &image, NULL, result, samples));
  image = image_of(content, 3);
  image.height = 0;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "0 x 31 x 3", fastphoto_guided_filter(&image, &image, NULL, result, samples));
  image.height = PTRDIFF_MAX;
  image.width = PTRDIFF_MAX;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "memory", fastphoto_guided_filter(&image, &image, NULL, result, samples));
  image.struct_size = 0;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "struct_size of fastphoto_image",
              fastphoto_guided_filter(&image, &image, NULL, result, samples));
}

static void test_filters(void) {
  static float content[samples];
  static float grey[samples];
  static float result[samples];
  const fastphoto_image content_image = image_of(content, 3);
  const fastphoto_image grey_image = image_of(grey, 3);
  fastphoto_guided_filter_options guided;
  fastphoto_local_affine_options local;
  int i;
  fill(content, 9);
  for (i = 0; i < samples; ++i) {
    grey[i] = 0.25F;
  }
  CHECK_OK(fastphoto_guided_filter_options_init(&guided, sizeof guided));
  guided.radius = 4;
  CHECK_OK(fastphoto_guided_filter(&content_image, &grey_image, &guided, result, samples));
  for (i = 0; i < samples; ++i) {
    CHECK(fabs((double)result[i] - 0.25) < 1e-6); /* a constant stays constant, to float32's rounding */
  }
  CHECK_OK(fastphoto_local_affine_options_init(&local, sizeof local));
  local.radius = 4;
  CHECK_OK(fastphoto_local_affine_filter(&grey_image, &content_image, &local, result, samples));
  for (i = 0; i < samples; ++i) {
    CHECK(fabs((double)result[i] - 0.25) < 1e-5); /* the same; sums are float32 here */
  }
  guided.radius = -1;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "radius",
              fastphoto_guided_filter(&content_image, &grey_image, &guided, result, samples));
  local.ridge = 0.0;
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "ridge",
              fastphoto_local_affine_filter(&grey_image, &content_image, &local, result, samples));
}

static void test_looks(void) {
  fastphoto_look* look = (fastphoto_look*)&failures; /* must become NULL */
  size_t size = 0;
  int64_t label = 0;
  double area = 0.0;
  CHECK_FAILS(FASTPHOTO_FILE, "no/such/look", fastphoto_look_load("no/such/look", &look));
  CHECK(look == NULL);
  CHECK_FAILS(FASTPHOTO_FILE, "scrap", fastphoto_look_from_bytes("0123456789abcdef", 16, "scrap", &look));
  CHECK_FAILS(FASTPHOTO_FILE, "empty", fastphoto_look_from_bytes("", 0, "empty", &look));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "bytes is NULL", fastphoto_look_from_bytes(NULL, 9, "none", &look));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "path is NULL", fastphoto_look_load(NULL, &look));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "look is NULL", fastphoto_look_load("path", NULL));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "look is NULL", fastphoto_look_save(NULL, "path"));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "look is NULL", fastphoto_look_to_bytes(NULL, NULL, 0, &size));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "look is NULL", fastphoto_look_label(NULL, 0, &label, &area));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "looks is NULL", fastphoto_look_pool(NULL, 2, &look));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "looks is NULL", fastphoto_look_blend(NULL, NULL, 2, &look));
  CHECK(fastphoto_look_model(NULL) == NULL && fastphoto_look_fingerprint(NULL) == NULL);
  CHECK(fastphoto_look_masked(NULL) == 0 && fastphoto_look_label_count(NULL) == 0);
}

static void test_handles(void) {
  fastphoto_runtime_options options;
  fastphoto_runtime* runtime = NULL;
  fastphoto_stylizer* stylizer = NULL;
  fastphoto_restyled* photo = NULL;
  fastphoto_report_numbers numbers;
  size_t bytes = 0;
  CHECK_OK(fastphoto_runtime_options_init(&options, sizeof options));
  options.library = "/no/such/library.so";
  CHECK_FAILS(FASTPHOTO_DEVICE, "", fastphoto_runtime_open(&options, &runtime));
  CHECK(runtime == NULL && strlen(fastphoto_last_error()) > 0);
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "runtime is NULL", fastphoto_stylizer_open("model", NULL, &stylizer));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "stylizer is NULL", fastphoto_stylizer_prepare(NULL, 4, 4));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "stylizer is NULL",
              fastphoto_stylizer_memory_needed(NULL, 4, 4, FASTPHOTO_SMOOTHING_GUIDED, 0, &bytes));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "*photo is NULL", fastphoto_stylizer_finish(NULL, &photo, NULL, NULL, NULL));
  CHECK_OK(fastphoto_report_numbers_init(&numbers, sizeof numbers));
  CHECK_FAILS(FASTPHOTO_INVALID_ARGUMENT, "report is NULL", fastphoto_report_read(NULL, &numbers));
  CHECK(fastphoto_report_device(NULL) == NULL && fastphoto_device_used(NULL) == NULL);
  CHECK(fastphoto_stylizer_model(NULL) == NULL && fastphoto_report_model(NULL) == NULL);
  fastphoto_runtime_free(NULL);
  fastphoto_device_free(NULL);
  fastphoto_stylizer_free(NULL);
  fastphoto_restyled_free(NULL);
  fastphoto_look_free(NULL);
  fastphoto_smoother_free(NULL);
  fastphoto_report_free(NULL);
}

int main(void) {
  CHECK(strcmp(fastphoto_version(), FASTPHOTO_EXPECTED_VERSION) == 0);
  CHECK(strlen(fastphoto_simd_level()) > 0);
  test_structs();
  test_smoothing();
  test_images();
  test_filters();
  test_looks();
  test_handles();
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
