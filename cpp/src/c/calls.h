// SPDX-License-Identifier: Apache-2.0
//
// A host's threads and progress callbacks, as the C++ API takes them.
#pragma once

#include <optional>

#include "c/structs.h"
#include "fastphoto/progress.h"
#include "fastphoto/threads.h"

namespace fastphoto::c {

/// A host's pool of threads.
class HostPool final : public ThreadPool {
 public:
  explicit HostPool(const fastphoto_thread_pool& pool) : pool_(pool) {}
  int size() const override { return pool_.size(pool_.user); }
  void run(int count, const std::function<void(int)>& task) override;

 private:
  fastphoto_thread_pool pool_;
};

/// The threads of one call: a number, or a pool where one was given.
class CallThreads {
 public:
  /// @throws Error(InvalidArgument) if the pool lacks a function.
  CallThreads(int count, const fastphoto_thread_pool* pool);
  CallThreads(const CallThreads&) = delete;
  CallThreads& operator=(const CallThreads&) = delete;

  Threads get() const noexcept { return threads_; }

 private:
  std::optional<HostPool> pool_;
  Threads threads_;
};

/// Empty if no callback was given.
Progress progress_of(fastphoto_progress callback, void* user);

}  // namespace fastphoto::c
