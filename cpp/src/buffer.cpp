// SPDX-License-Identifier: Apache-2.0
#include "buffer.h"

#include <cstdlib>
#include <new>

#include "regions.h"

namespace fastphoto {

namespace {

#if defined(FASTPHOTO_MAPS_PAGES)
// Smaller ones are the allocator's.
constexpr std::size_t least_mapped = std::size_t{1} << 18;

Regions& regions(Lifetime lifetime) {
  static auto* const all = new Regions[2];  // never destroyed: buffers may outlive static objects
  return all[lifetime == Lifetime::Short ? 1 : 0];
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
