// SPDX-License-Identifier: Apache-2.0
//
// Tells a process from its children.
#pragma once

#include <cstdint>

#ifdef _WIN32
#include <process.h>
#else
#include <unistd.h>
#endif

namespace fastphoto {

inline std::int64_t process_id() {
#ifdef _WIN32
  return _getpid();
#else
  return getpid();
#endif
}

}  // namespace fastphoto
