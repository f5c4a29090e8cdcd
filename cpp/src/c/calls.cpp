// SPDX-License-Identifier: Apache-2.0
//
// A host's threads and progress callbacks, as the C++ API takes them.
#include "c/calls.h"

#include <functional>

extern "C" {
// NOLINTNEXTLINE(misc-const-correctness): the pool's type of a task
static void fastphoto_call_task(void* context, int index) {
  (*static_cast<const std::function<void(int)>*>(context))(index);
}
}

namespace fastphoto::c {

void HostPool::run(int count, const std::function<void(int)>& task) {
  pool_.run(pool_.user, count, fastphoto_call_task, const_cast<std::function<void(int)>*>(&task));
}

CallThreads::CallThreads(int count, const fastphoto_thread_pool* pool) : threads_(count) {
  if (pool != nullptr) {
    const fastphoto_thread_pool given = read_struct(pool, "fastphoto_thread_pool", fastphoto_thread_pool());
    expect(given.size != nullptr && given.run != nullptr,
           "found a fastphoto_thread_pool without size or run; expected both functions");
    threads_ = pool_.emplace(given);
  }
}

Progress progress_of(fastphoto_progress callback, void* user) {
  if (callback == nullptr) {
    return {};
  }
  return [callback, user](const char* step, double share) { return callback(user, step, share) != 0; };
}

}  // namespace fastphoto::c

fastphoto_status fastphoto_thread_pool_init(fastphoto_thread_pool* pool, size_t struct_size) {
  return fastphoto::c::initialise(pool, struct_size, "fastphoto_thread_pool", {});
}
