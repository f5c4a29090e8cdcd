// SPDX-License-Identifier: Apache-2.0
//
// Which threads a call may use: a number of its own, or the pool that the host has already.
#pragma once

#include <functional>

#include "fastphoto/export.h"

namespace fastphoto {

/// Value of every `threads` argument that means: as many as the hardware runs at once.
inline constexpr int all_threads = 0;

/// A host's own pool of threads. Derive from it to run the library's work on threads that exist already.
class FASTPHOTO_API ThreadPool {
 public:
  virtual ~ThreadPool() = default;

  /// How many tasks can run at once, the calling thread's included; at least 1.
  virtual int size() const = 0;

  /// Calls task(0) .. task(count - 1), each once, on any thread and in any order, and returns when all have ended.
  /// Tasks do not wait for each other and do not throw.
  virtual void run(int count, const std::function<void(int)>& task) = 0;

 protected:
  ThreadPool() = default;
  ThreadPool(const ThreadPool&) = default;
  ThreadPool& operator=(const ThreadPool&) = default;
};

/// The argument `threads` of every function: a number (all_threads or more than zero) or a host's pool.
/// Results are equal, bit for bit, whatever it is.
class Threads {
 public:
  Threads() = default;
  // NOLINTBEGIN(google-explicit-constructor,misc-explicit-constructor): a number or a pool is all that callers write
  Threads(int count) : count_(count) {}
  Threads(ThreadPool& pool) : pool_(&pool) {}  ///< the pool must outlive the call
  // NOLINTEND(google-explicit-constructor,misc-explicit-constructor)

  int count() const noexcept { return count_; }
  ThreadPool* pool() const noexcept { return pool_; }

  /// The same threads, with a question that the call asks some twenty times a second, on the thread that made it, also
  /// in the midst of its steps. The answer false cancels: the call then throws Error(Cancelled). What `keep_going`
  /// throws itself comes out of the call. It must outlive the call.
  Threads polling(const std::function<bool()>& keep_going) const noexcept {
    Threads result = *this;
    result.keep_going_ = &keep_going;
    return result;
  }
  const std::function<bool()>* keep_going() const noexcept { return keep_going_; }

 private:
  int count_ = all_threads;
  ThreadPool* pool_ = nullptr;
  const std::function<bool()>* keep_going_ = nullptr;
};

}  // namespace fastphoto
