// SPDX-License-Identifier: Apache-2.0
//
// Statuses, the last error's message, and what the library says of itself.
#include "c/status.h"

#include "fastphoto/simd_level.h"

namespace fastphoto::c {
namespace {

// The C API's one variable; each thread has its own.
std::string& last_message() noexcept {
  thread_local std::string message;
  return message;
}

}  // namespace

fastphoto_status failed(fastphoto_status status, const char* message) noexcept {
  std::string& kept = last_message();
  try {
    kept = message;
  } catch (...) {
    kept = "out of memory";  // short enough to need none
  }
  return status;
}

fastphoto_status status_of(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::InvalidArgument:
      return FASTPHOTO_INVALID_ARGUMENT;
    case ErrorKind::Cancelled:
      return FASTPHOTO_CANCELLED;
    case ErrorKind::Model:
      return FASTPHOTO_MODEL;
    case ErrorKind::File:
      return FASTPHOTO_FILE;
    case ErrorKind::Device:
      return FASTPHOTO_DEVICE;
    case ErrorKind::Network:
      return FASTPHOTO_NETWORK;
    case ErrorKind::OutOfMemory:
      return FASTPHOTO_OUT_OF_MEMORY;
  }
  return FASTPHOTO_INTERNAL;
}

}  // namespace fastphoto::c

const char* fastphoto_last_error() { return fastphoto::c::last_message().c_str(); }

const char* fastphoto_version() { return FASTPHOTO_VERSION; }

const char* fastphoto_simd_level() { return fastphoto::simd_level().data(); }
