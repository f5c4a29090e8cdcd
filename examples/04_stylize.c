/* SPDX-License-Identifier: Apache-2.0
 *
 * Gives one photo the look of another, in C.  stylize_c MODEL_FOLDER CONTENT STYLE OUT [RUNTIME_LIBRARY] (PPM files)
 */
#include <fastphoto/fastphoto_c.h>
#include <stdio.h>

#include "ppm.h"

static int type_of(const struct ppm_photo* photo) { return photo->bits == 8 ? FASTPHOTO_UINT8 : FASTPHOTO_UINT16; }

static void to_read(const struct ppm_photo* photo, fastphoto_pixels* pixels) {
  fastphoto_pixels_init(pixels, sizeof *pixels);
  pixels->data = photo->samples;
  pixels->height = (ptrdiff_t)photo->height;
  pixels->width = (ptrdiff_t)photo->width;
  pixels->type = type_of(photo);
}

static void to_write(struct ppm_photo* photo, fastphoto_mutable_pixels* pixels) {
  fastphoto_mutable_pixels_init(pixels, sizeof *pixels);
  pixels->data = photo->samples;
  pixels->height = (ptrdiff_t)photo->height;
  pixels->width = (ptrdiff_t)photo->width;
  pixels->type = type_of(photo);
}

/* The content's samples become the result's. */
static fastphoto_status stylize(const char* model, const char* library, struct ppm_photo* content,
                                const struct ppm_photo* style) {
  fastphoto_runtime_options options;
  fastphoto_runtime* runtime = NULL;
  fastphoto_stylizer* stylizer = NULL;
  fastphoto_look* look = NULL;
  fastphoto_report* report = NULL;
  fastphoto_pixels style_pixels;
  fastphoto_pixels content_pixels;
  fastphoto_mutable_pixels result;
  fastphoto_status status;

  fastphoto_runtime_options_init(&options, sizeof options);
  options.library = library;
  to_read(style, &style_pixels);
  to_read(content, &content_pixels);
  to_write(content, &result);

  status = fastphoto_runtime_open(&options, &runtime);
  if (status == FASTPHOTO_OK) {
    status = fastphoto_stylizer_open(model, runtime, &stylizer);
  }
  if (status == FASTPHOTO_OK) {
    status = fastphoto_stylizer_analyze(stylizer, &style_pixels, NULL, NULL, &look);
  }
  if (status == FASTPHOTO_OK) {
    status = fastphoto_stylizer_apply(stylizer, &content_pixels, look, &result, NULL, NULL, &report);
  }
  if (status == FASTPHOTO_OK) {
    printf("%s on %s\n", fastphoto_report_model(report), fastphoto_device_used(fastphoto_report_device(report)));
  } else {
    fprintf(stderr, "stylize_c: %s\n", fastphoto_last_error());
  }
  fastphoto_report_free(report);
  fastphoto_look_free(look);
  fastphoto_stylizer_free(stylizer);
  fastphoto_runtime_free(runtime);
  return status;
}

static int complain(const char* path, const char* message) {
  fprintf(stderr, "stylize_c: %s: %s\n", path, message);
  return 1;
}

int main(int count, char** arguments) {
  struct ppm_photo content;
  struct ppm_photo style;
  const char* message;
  int failed;
  if (count != 5 && count != 6) {
    fprintf(stderr, "usage: stylize_c MODEL_FOLDER CONTENT.ppm STYLE.ppm OUT.ppm [RUNTIME_LIBRARY]\n");
    return 2;
  }
  message = ppm_read(arguments[2], &content);
  if (message != NULL) {
    return complain(arguments[2], message);
  }
  message = ppm_read(arguments[3], &style);
  if (message != NULL) {
    ppm_free(&content);
    return complain(arguments[3], message);
  }
  failed = stylize(arguments[1], count == 6 ? arguments[5] : NULL, &content, &style) != FASTPHOTO_OK;
  if (!failed) {
    message = ppm_write(arguments[4], &content);
    failed = message != NULL && complain(arguments[4], message);
  }
  ppm_free(&content);
  ppm_free(&style);
  return failed;
}
