// SPDX-License-Identifier: Apache-2.0
//
// Whether the tests run under ThreadSanitizer, which makes loops over pixels take some twenty times as long.
#pragma once

namespace fastphoto::test {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool thread_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool thread_sanitizer = true;
#else
inline constexpr bool thread_sanitizer = false;
#endif
#else
inline constexpr bool thread_sanitizer = false;
#endif

}  // namespace fastphoto::test
