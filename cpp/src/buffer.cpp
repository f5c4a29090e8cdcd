// SPDX-License-Identifier: Apache-2.0
#include "buffer.h"

#include <cstdlib>
#include <new>

#include "regions.h"

#if defined(FASTPHOTO_MAPS_PAGES)
#include <pthread.h>
#endif

namespace fastphoto {

namespace {

#if defined(FASTPHOTO_MAPS_PAGES)
// Smaller ones are the allocator's.
constexpr std::size_t least_mapped = std::size_t{1} << 18;

struct AllRegions {
  Regions of_long;
  Regions of_short;
};

AllRegions& all_regions() {
  static auto* const all = new AllRegions;  // never destroyed: buffers may outlive static objects
  return *all;
}

// A child of fork() has only the thread that called it, so no other may be at work here then. Registered before there
// can be any, so that none is about to make the regions either.
void before_fork() {
  all_regions().of_long.lock();
  all_regions().of_short.lock();
}
void after_fork() {
  all_regions().of_short.unlock();
  all_regions().of_long.unlock();
}
[[maybe_unused]] const int fork_handlers = pthread_atfork(&before_fork, &after_fork, &after_fork);

Regions& regions(Lifetime lifetime) {
  return lifetime == Lifetime::Short ? all_regions().of_short : all_regions().of_long;
}
#endif

}  // namespace

void FreeMemory::operator()([[maybe_unused]] void* memory) const noexcept {
#if defined(FASTPHOTO_MAPS_PAGES)
  if (region != nullptr) {
    regions(lifetime).give_back(memory, bytes, region);
    return;
  }
#endif
  std::free(allocated);
}

std::unique_ptr<void, FreeMemory> allocate_zeroed(std::size_t bytes, [[maybe_unused]] Lifetime lifetime) {
  FreeMemory free_memory;
#if defined(FASTPHOTO_MAPS_PAGES)
  if (bytes >= least_mapped) {
    free_memory.bytes = bytes;
    free_memory.lifetime = lifetime;
    void* const memory = regions(lifetime).take(bytes, free_memory.region);
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

void end_large_pages([[maybe_unused]] Lifetime lifetime) {
#if defined(FASTPHOTO_MAPS_PAGES)
  regions(lifetime).end_large_pages();
#endif
}

}  // namespace fastphoto
