// SPDX-License-Identifier: Apache-2.0
#include "base/buffer.h"

#include <cstdlib>
#include <new>

#include "base/page_pool.h"

#if defined(FASTPHOTO_MAPS_PAGES)
#include <pthread.h>
#endif

namespace fastphoto {

namespace {

#if defined(FASTPHOTO_MAPS_PAGES)
// Smaller ones are the allocator's.
constexpr std::size_t least_mapped = std::size_t{1} << 18;

Regions& regions() {
  static auto* const all = new Regions;  // never destroyed: buffers may outlive static objects
  return *all;
}

// A child of fork() has only the thread that called it, so no other may be at work here then. Registered before there
// can be any, so that none is about to make the regions either.
void before_fork() { regions().lock(); }
void after_fork() { regions().unlock(); }
[[maybe_unused]] const int fork_handlers = pthread_atfork(&before_fork, &after_fork, &after_fork);
#endif

}  // namespace

void FreeMemory::operator()([[maybe_unused]] void* memory) const noexcept {
#if defined(FASTPHOTO_MAPS_PAGES)
  if (region != nullptr) {
    regions().give_back(memory, region);
    return;
  }
#endif
  std::free(allocated);
}

std::unique_ptr<void, FreeMemory> allocate_zeroed(std::size_t bytes, [[maybe_unused]] Lifetime lifetime) {
  FreeMemory free_memory;
#if defined(FASTPHOTO_MAPS_PAGES)
  if (bytes >= least_mapped) {
    void* const memory = regions().take(bytes, lifetime, free_memory.region);
    return {memory, free_memory};
  }
#endif
  std::size_t room = bytes + cache_line;
  free_memory.allocated = std::calloc(room, 1);
  if (free_memory.allocated == nullptr) {
    throw std::bad_alloc();
  }
  void* memory = free_memory.allocated;
  std::align(cache_line, bytes, memory, room);
  return {memory, free_memory};
}

void give_back_pages() noexcept {
#if defined(FASTPHOTO_MAPS_PAGES)
  regions().give_back_pages();
#endif
}

void end_large_pages() noexcept {
#if defined(FASTPHOTO_MAPS_PAGES)
  regions().end_large_pages();
#endif
}

}  // namespace fastphoto
