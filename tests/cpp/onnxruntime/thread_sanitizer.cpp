// SPDX-License-Identifier: Apache-2.0
//
// What ThreadSanitizer must know of these tests.
#ifdef FASTPHOTO_SANITIZED

// ONNX Runtime is not built for it: how its threads wait for each other is hidden from the sanitizer.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer's name
extern "C" const char* __tsan_default_suppressions() { return "race:libonnxruntime.so\n"; }

// A child of fork() may start threads; the sanitizer would end it.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer's name
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }

#endif
