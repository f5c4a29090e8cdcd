// SPDX-License-Identifier: Apache-2.0
#include "buffer.h"

#include <cstdint>
#include <cstdlib>
#include <new>

// Sanitizers watch what the allocator hands out, not mapped pages.
#if defined(__linux__) && !defined(FASTPHOTO_SANITIZED)
#define FASTPHOTO_MAPS_PAGES
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace fastphoto {

namespace {

constexpr std::size_t cache_line = 64;

#if defined(FASTPHOTO_MAPS_PAGES)
constexpr std::size_t large_page = std::size_t{1} << 21;

// From here on memory comes fresh from the system, whose pages are zero already, and goes back to it.
constexpr std::size_t least_mapped = std::size_t{1} << 20;

std::size_t next_multiple(std::size_t number, std::size_t of) { return (number + of - 1) / of * of; }

/// Pages that begin at a multiple of a large one, so that as many as possible are large.
void* map_pages(std::size_t bytes) {
  const std::size_t room = bytes + large_page;
  void* const mapped = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    return nullptr;
  }
  const std::size_t before =
      next_multiple(reinterpret_cast<std::uintptr_t>(mapped), large_page) - reinterpret_cast<std::uintptr_t>(mapped);
  char* const memory = static_cast<char*>(mapped) + before;
  if (before > 0) {
    munmap(mapped, before);
  }
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t used = next_multiple(bytes, page);
  if (room - before > used) {
    munmap(memory + used, room - before - used);
  }
#if defined(MADV_HUGEPAGE)
  madvise(memory, used, MADV_HUGEPAGE);  // a wish; where it is not granted nothing changes
#endif
  return memory;
}
#endif

}  // namespace

void FreeMemory::operator()([[maybe_unused]] void* memory) const noexcept {
#if defined(FASTPHOTO_MAPS_PAGES)
  if (mapped > 0) {
    munmap(memory, mapped);
    return;
  }
#endif
  std::free(allocated);
}

std::unique_ptr<void, FreeMemory> allocate_zeroed(std::size_t bytes) {
#if defined(FASTPHOTO_MAPS_PAGES)
  if (bytes >= least_mapped) {
    void* const memory = map_pages(bytes);
    if (memory == nullptr) {
      throw std::bad_alloc();
    }
    return {memory, FreeMemory{nullptr, bytes}};
  }
#endif
  std::size_t room = bytes + cache_line;
  void* const allocated = std::calloc(room, 1);
  if (allocated == nullptr) {
    throw std::bad_alloc();
  }
  void* memory = allocated;
  std::align(cache_line, bytes, memory, room);
  return {memory, FreeMemory{allocated, 0}};
}

}  // namespace fastphoto
