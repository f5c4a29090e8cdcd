/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks for the tests in C: each failure is printed and counted.
 */
#ifndef CHECKS_H
#define CHECKS_H

#include <fastphoto/fastphoto_c.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

#define CHECK_OK(call)                                                                       \
  do {                                                                                       \
    if ((call) != FASTPHOTO_OK) {                                                            \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, fastphoto_last_error()); \
      ++failures;                                                                            \
    }                                                                                        \
  } while (0)

/* The status, and a part of the message. */
#define CHECK_FAILS(expected_status, part, call)                                                      \
  do {                                                                                                \
    const fastphoto_status found = (call);                                                            \
    if (found != (expected_status) || strstr(fastphoto_last_error(), part) == NULL) {                 \
      fprintf(stderr, "%s:%d: %s: found status %d and '%s'\n", __FILE__, __LINE__, #call, (int)found, \
              fastphoto_last_error());                                                                \
      ++failures;                                                                                     \
    }                                                                                                 \
  } while (0)

#endif
