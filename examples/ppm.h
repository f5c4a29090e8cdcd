/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads and writes binary PPM photos of 8 or 16 bits, for the examples in C and in C++.
 *
 * What a file says is checked before it is believed: a damaged or truncated one gives a message, never a crash.
 */
#ifndef PPM_H
#define PPM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Samples are R, G, B, row by row without gaps: uint8_t, or uint16_t where bits is 16. The largest number is white. */
struct ppm_photo {
  size_t width;
  size_t height;
  int bits; /* 8 or 16 */
  void* samples;
};

static void ppm_free(struct ppm_photo* photo) {
  free(photo->samples);
  photo->samples = NULL;
}

/* A number of the header, 1 .. most, or 0 if there is none. Comments go from # to the end of the line. */
static size_t ppm_number(FILE* file, size_t most) {
  size_t number = 0;
  int character = fgetc(file);
  while (character == ' ' || character == '\t' || character == '\r' || character == '\n' || character == '#') {
    if (character == '#') {
      while (character != '\n' && character != EOF) {
        character = fgetc(file);
      }
    } else {
      character = fgetc(file);
    }
  }
  if (character < '0' || character > '9') {
    return 0;
  }
  while (character >= '0' && character <= '9') {
    number = number * 10 + (size_t)(character - '0');
    if (number > most) {
      return 0;
    }
    character = fgetc(file);
  }
  /* One white space ends the number; after the last one the samples start. */
  return character == ' ' || character == '\t' || character == '\r' || character == '\n' ? number : 0;
}

/* Scales samples of 0 .. largest to all of 8 or 16 bits, in the byte order of this machine. 0 if one is too large. */
static int ppm_scale(struct ppm_photo* photo, size_t largest) {
  const size_t count = photo->width * photo->height * 3;
  size_t i;
  if (photo->bits == 8) {
    uint8_t* const samples = (uint8_t*)photo->samples;
    for (i = 0; i < count; ++i) {
      if (samples[i] > largest) {
        return 0;
      }
      samples[i] = (uint8_t)((samples[i] * (size_t)255 + largest / 2) / largest);
    }
  } else {
    uint16_t* const samples = (uint16_t*)photo->samples;
    const uint8_t* const bytes = (const uint8_t*)photo->samples; /* the larger half of a number comes first */
    for (i = 0; i < count; ++i) {
      const size_t number = (size_t)bytes[2 * i] << 8 | bytes[2 * i + 1];
      if (number > largest) {
        return 0;
      }
      samples[i] = (uint16_t)((number * 65535 + largest / 2) / largest);
    }
  }
  return 1;
}

static const char* ppm_read_open(FILE* file, struct ppm_photo* photo) {
  const size_t most_side = 1 << 20;
  size_t largest;
  size_t bytes;
  long start;
  long end;
  if (fgetc(file) != 'P' || fgetc(file) != '6') {
    return "this is no binary PPM file; expected P6 at its beginning";
  }
  if ((photo->width = ppm_number(file, most_side)) == 0 || (photo->height = ppm_number(file, most_side)) == 0 ||
      (largest = ppm_number(file, 65535)) == 0) {
    return "the header is damaged; expected width, height and a largest sample of 1 to 65535";
  }
  photo->bits = largest < 256 ? 8 : 16;
  if (photo->width > SIZE_MAX / 6 / photo->height) {
    return "the photo is larger than memory can hold";
  }
  bytes = photo->width * photo->height * 3 * (photo->bits == 8 ? 1 : 2);
  start = ftell(file);
  if (start < 0 || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0 || fseek(file, start, SEEK_SET) != 0) {
    return "the file cannot be searched";
  }
  if ((size_t)(end - start) < bytes) {
    return "the file is truncated; its header promises more samples than there are";
  }
  photo->samples = malloc(bytes); /* NOLINT(clang-analyzer-optin.taint.TaintedAlloc): the file is as large */
  if (photo->samples == NULL) {
    return "there is no memory for the photo";
  }
  if (fread(photo->samples, 1, bytes, file) != bytes) {
    return "the samples cannot be read";
  }
  return ppm_scale(photo, largest) ? NULL : "a sample is larger than the header says";
}

/* NULL, or a message; *photo then holds nothing. */
static const char* ppm_read(const char* path, struct ppm_photo* photo) {
  FILE* const file = fopen(path, "rb");
  const char* message;
  memset(photo, 0, sizeof *photo);
  if (file == NULL) {
    return "the file cannot be opened";
  }
  message = ppm_read_open(file, photo);
  fclose(file);
  if (message != NULL) {
    ppm_free(photo);
  }
  return message;
}

/* NULL, or a message. */
static const char* ppm_write(const char* path, const struct ppm_photo* photo) {
  FILE* const file = fopen(path, "wb");
  const size_t count = photo->width * photo->height * 3;
  int good;
  if (file == NULL) {
    return "the file cannot be created";
  }
  good = fprintf(file, "P6\n%lu %lu\n%d\n", (unsigned long)photo->width, (unsigned long)photo->height,
                 photo->bits == 8 ? 255 : 65535) > 0;
  if (photo->bits == 8) {
    good = good && fwrite(photo->samples, 1, count, file) == count;
  } else {
    const uint16_t* const samples = (const uint16_t*)photo->samples;
    size_t i;
    for (i = 0; good && i < count; ++i) {
      good = fputc(samples[i] >> 8, file) != EOF && fputc(samples[i] & 255, file) != EOF;
    }
  }
  good = fclose(file) == 0 && good;
  return good ? NULL : "the file cannot be written to its end";
}

#ifdef __cplusplus
#include <stdexcept>
#include <string>

namespace ppm {

/* The same with exceptions and an owner. */
class Photo {
 public:
  explicit Photo(const std::string& path) { check(ppm_read(path.c_str(), &photo_), path); }
  Photo(size_t width, size_t height, int bits) : photo_{width, height, bits, nullptr} {
    // NOLINTNEXTLINE(clang-analyzer-optin.taint.TaintedAlloc): as large as a photo that there is
    photo_.samples = calloc(width * height, bits == 8 ? 3 : 6);
    if (photo_.samples == nullptr) {
      throw std::bad_alloc();
    }
  }
  ~Photo() { ppm_free(&photo_); }
  Photo(const Photo&) = delete;
  Photo& operator=(const Photo&) = delete;

  std::ptrdiff_t width() const { return static_cast<std::ptrdiff_t>(photo_.width); }
  std::ptrdiff_t height() const { return static_cast<std::ptrdiff_t>(photo_.height); }
  int bits() const { return photo_.bits; }
  void* samples() { return photo_.samples; }
  const void* samples() const { return photo_.samples; }

  void write(const std::string& path) const { check(ppm_write(path.c_str(), &photo_), path); }

 private:
  static void check(const char* message, const std::string& path) {
    if (message != nullptr) {
      throw std::runtime_error(path + ": " + message);
    }
  }

  ppm_photo photo_;
};

}  // namespace ppm
#endif

#endif
