// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace fastphoto {

/// What went wrong, for callers that branch on it; the message is for people.
enum class ErrorKind {
  InvalidArgument,  ///< an argument is outside what the function's documentation allows
  Cancelled,        ///< a progress callback asked to stop
};

/// The one exception this library throws on its own account (std::bad_alloc may come from below).
/// The message names the argument, what was received and what was expected.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace fastphoto
