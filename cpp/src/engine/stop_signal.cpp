// SPDX-License-Identifier: Apache-2.0
//
// A request to end a run, handed from the thread that asks to the runtime that listens.
#include <utility>

#include "fastphoto/engine/runtime.h"

namespace fastphoto {

void StopSignal::request() {
  const std::scoped_lock lock(mutex_);
  requested_ = true;
  if (stop_) {
    stop_();
  }
}

bool StopSignal::requested() const {
  const std::scoped_lock lock(mutex_);
  return requested_;
}

void StopSignal::listen(std::function<void()> stop) {
  const std::scoped_lock lock(mutex_);
  stop_ = std::move(stop);
  if (requested_ && stop_) {
    stop_();
  }
}

void StopSignal::forget() {
  const std::scoped_lock lock(mutex_);
  stop_ = nullptr;
}

}  // namespace fastphoto
