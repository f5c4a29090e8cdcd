// SPDX-License-Identifier: Apache-2.0
//
// Compares process numbers.
#include "engine/process.h"

#include <utility>

#include "base/process_id.h"
#include "fastphoto/error.h"

namespace fastphoto {

OwnProcess::OwnProcess(std::string what) : what_(std::move(what)), number_(process_id()) {}

bool OwnProcess::inherited() const noexcept { return process_id() != number_; }

void OwnProcess::require() const {
  if (inherited()) {
    throw Error(ErrorKind::Device, what_ + " was opened in process " + std::to_string(number_) +
                                       " and is used in its child " + std::to_string(process_id()) +
                                       ", where the runtime's threads do not exist: open a new one after fork()");
  }
}

}  // namespace fastphoto
