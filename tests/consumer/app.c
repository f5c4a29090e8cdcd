/* SPDX-License-Identifier: Apache-2.0
 *
 * An outside program in C: filters a photo and reads the message of an error.
 */
#include <fastphoto/fastphoto_c.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  static float samples[8 * 8 * 3];
  static float result[8 * 8 * 3];
  fastphoto_image image;
  size_t i;
  for (i = 0; i < sizeof samples / sizeof *samples; ++i) {
    samples[i] = 0.5F;
  }
  fastphoto_image_init(&image, sizeof image);
  image.data = samples;
  image.height = 8;
  image.width = 8;
  image.channels = 3;
  if (fastphoto_closed_form_smooth(&image, &image, NULL, result, 8 * 8 * 3, NULL) != FASTPHOTO_OK) {
    puts(fastphoto_last_error());
    return 1;
  }
  if (fastphoto_guided_filter(NULL, &image, NULL, result, 8 * 8 * 3) != FASTPHOTO_INVALID_ARGUMENT) {
    return 1;
  }
  printf("fastphoto %s: %s\n", fastphoto_version(), fastphoto_last_error());
  return strstr(fastphoto_last_error(), "guide") != NULL ? 0 : 1;
}
