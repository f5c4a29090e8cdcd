// SPDX-License-Identifier: Apache-2.0
//
// Where a buffer's memory comes from: the current page pool or the allocator.
#include "base/buffer.h"

#include <cstdlib>
#include <new>

namespace fastphoto {

namespace {
// Smaller buffers are the allocator's.
constexpr std::size_t least_mapped = std::size_t{1} << 18;
}  // namespace

void FreeMemory::operator()(void* memory) const noexcept {
  if (region != nullptr) {
    PagePool::give_back(memory, region);
  } else {
    std::free(allocated);
  }
}

std::unique_ptr<void, FreeMemory> allocate_zeroed(std::size_t bytes, Lifetime lifetime) {
  FreeMemory free_memory;
  if (PagePool* const pool = PagePool::current(); pool != nullptr && bytes >= least_mapped) {
    if (void* const memory = pool->take(bytes, lifetime, free_memory.region); memory != nullptr) {
      return {memory, free_memory};
    }
  }
  std::size_t room = bytes + cache_line;
  free_memory.allocated = std::calloc(room, 1);
  if (free_memory.allocated == nullptr) {
    throw std::bad_alloc();
  }
  void* memory = free_memory.allocated;
  std::align(cache_line, bytes, memory, room);
  return {memory, free_memory};
}

}  // namespace fastphoto
