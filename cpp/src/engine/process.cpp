// SPDX-License-Identifier: Apache-2.0
//
// Compares process numbers.
#include "engine/process.h"

#if defined(_WIN32)
#include <process.h>
#else
#include <unistd.h>
#endif

#include <utility>

#include "fastphoto/error.h"

namespace fastphoto {

namespace {

long process_number() {
#if defined(_WIN32)
  return _getpid();
#else
  return getpid();
#endif
}

}  // namespace

OwnProcess::OwnProcess(std::string what) : what_(std::move(what)), number_(process_number()) {}

bool OwnProcess::inherited() const noexcept { return process_number() != number_; }

void OwnProcess::require() const {
  if (inherited()) {
    throw Error(ErrorKind::Device, what_ + " was opened in process " + std::to_string(number_) +
                                       " and is used in its child " + std::to_string(process_number()) +
                                       ", where the runtime's threads do not exist: open a new one after fork()");
  }
}

}  // namespace fastphoto
