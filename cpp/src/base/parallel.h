// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "fastphoto/image.h"

namespace fastphoto {

/// Threads that live as long as one call into the library.
///
/// Work is cut by the caller into chunks that do not depend on the number of threads, and which thread takes which
/// chunk is left to chance: a body must write only to its own rows, so results are the same however many there are.
class Workers {
 public:
  using Body = std::function<void(Index begin, Index end)>;

  /// @param threads  all_threads (0) or a number of threads, the calling one included.
  /// @throws Error(InvalidArgument) if negative.
  explicit Workers(int threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Threads that take part, the calling one included.
  Index threads() const { return static_cast<Index>(threads_.size()) + 1; }

  /// Calls body for [0, chunk), [chunk, 2 chunk), ... up to count, and returns when all are done. The first exception
  /// of a body is thrown again here. Not to be called from a body.
  void run(Index count, Index chunk, const Body& body);

 private:
  void work();
  void take_chunks();

  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  std::uint64_t round_ = 0;  // counts calls of run(); a new value wakes the threads
  int busy_ = 0;
  bool stop_ = false;

  const Body* body_ = nullptr;
  Index count_ = 0;
  Index chunk_ = 1;
  Index next_ = 0;
  std::exception_ptr error_;

  std::vector<std::thread> threads_;
};

/// Rows handed out at a time by row-wise kernels: small enough to balance, large enough to keep locking rare.
inline constexpr Index rows_per_chunk = 16;

}  // namespace fastphoto
