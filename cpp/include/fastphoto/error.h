// SPDX-License-Identifier: Apache-2.0
//
// The one exception of the library, and the kinds of what can go wrong.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "fastphoto/export.h"

namespace fastphoto {

/// What went wrong, for callers that branch on it; the message is for people.
enum class ErrorKind : std::uint8_t {
  InvalidArgument,  ///< an argument is outside what the function's documentation allows
  Cancelled,        ///< a progress callback asked to stop
  Model,            ///< a bundle is missing, damaged or does not fit
  File,             ///< a look cannot be read or written
  Device,           ///< the runtime or the device asked for is not to be had, or not in this process
  Network,          ///< the runtime failed while it ran a graph
  OutOfMemory,      ///< the runtime or the device has no memory left (std::bad_alloc may come from below as well)
};

/// The one exception this library throws on its own account (std::bad_alloc may come from below).
/// The message names the argument, what was received and what was expected.
class FASTPHOTO_API Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace fastphoto
