// SPDX-License-Identifier: Apache-2.0
//
// The error of a call, to be looked at.
#pragma once

#include <string>

#include "fastphoto/error.h"

struct ThrownError {
  bool thrown = false;
  fastphoto::ErrorKind kind = fastphoto::ErrorKind::InvalidArgument;
  std::string message;

  bool says(const std::string& text) const { return message.find(text) != std::string::npos; }
};

template <class Call>
ThrownError error_of(const Call& call) {
  try {
    call();
  } catch (const fastphoto::Error& error) {
    return {true, error.kind(), error.what()};
  }
  return {};
}
