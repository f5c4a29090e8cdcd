// SPDX-License-Identifier: Apache-2.0
//
// Cuts a kernel's rows into chunks and runs them on the threads of one call.
#pragma once

#include <functional>
#include <memory>

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// The threads of one call into the library: its own, which live as long as the call, or those of the host's pool.
///
/// The caller cuts the work into chunks that do not depend on the number of threads. Which thread takes which chunk is
/// left to chance: a body must write only to its own rows, so results are the same however many threads there are.
/// Bodies allocate from the page pool that was in use where the Workers were made.
class FASTPHOTO_API Workers {
 public:
  using Body = std::function<void(Index begin, Index end)>;

  /// @throws Error(InvalidArgument) if the number of threads is negative, or a pool's is not positive.
  explicit Workers(Threads threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Threads that take part, the calling one included.
  Index threads() const;

  /// Calls body for [0, chunk), [chunk, 2 chunk), ... up to count, and returns when all are done. The first exception
  /// of a body is thrown again here. Not to be called from a body.
  void run(Index count, Index chunk, const Body& body);

 private:
  class Team;  // threads and locks, whose headers would be compiled with every kernel
  std::unique_ptr<Team> team_;
};

/// Rows handed out at a time by row-wise kernels: small enough to balance, large enough to keep locking rare.
inline constexpr Index rows_per_chunk = 16;

}  // namespace fastphoto
