// SPDX-License-Identifier: Apache-2.0
//
// Turns exceptions into statuses and keeps the message of a thread's last error.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "fastphoto/error.h"
#include "fastphoto/fastphoto_c.h"

namespace fastphoto::c {

/// Keeps the message for fastphoto_last_error() and returns the status.
fastphoto_status failed(fastphoto_status status, const char* message) noexcept;

fastphoto_status status_of(ErrorKind kind) noexcept;

/// @throws Error(InvalidArgument) with the message unless the condition holds.
inline void expect(bool condition, const std::string& message) {
  if (!condition) {
    throw Error(ErrorKind::InvalidArgument, message);
  }
}

/// @throws Error(InvalidArgument) if the argument of that name is NULL.
inline void expect_given(const void* pointer, const char* name) {
  expect(pointer != nullptr, std::string(name) + " is NULL; expected an address");
}

/// Runs what a function of the C API does; no exception leaves.
template <class Work>
fastphoto_status guarded(Work&& work) noexcept {
  try {
    std::forward<Work>(work)();
    return FASTPHOTO_OK;
  } catch (const Error& error) {
    return failed(status_of(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    return failed(FASTPHOTO_OUT_OF_MEMORY, "no memory is left");
  } catch (const std::exception& error) {
    return failed(FASTPHOTO_INTERNAL, error.what());
  } catch (...) {
    return failed(FASTPHOTO_INTERNAL, "an exception of unknown type");
  }
}

/// The same for a function that makes a handle: *made is what `make` returns (a std::unique_ptr), or NULL.
template <class Handle, class Make>
fastphoto_status guarded_make(Handle** made, const char* name, Make&& make) noexcept {
  return guarded([&] {
    expect_given(static_cast<const void*>(made), name);
    *made = nullptr;
    *made = std::forward<Make>(make)().release();
  });
}

}  // namespace fastphoto::c
