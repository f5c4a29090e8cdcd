// SPDX-License-Identifier: Apache-2.0
#include "buffer.h"

#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fastphoto {

namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t large_page = std::size_t{1} << 21;

}  // namespace

void FreeAligned::operator()(void*) const noexcept { std::free(allocated); }

std::unique_ptr<void, FreeAligned> allocate_zeroed(std::size_t bytes) {
  const bool large = bytes >= 2 * large_page;
  const std::size_t alignment = large ? large_page : cache_line;
  // Large requests get fresh pages of the system, which are zero already: calloc does not write to them.
  std::size_t room = bytes + alignment;
  void* const allocated = std::calloc(room, 1);
  if (allocated == nullptr) {
    throw std::bad_alloc();
  }
  void* memory = allocated;
  std::align(alignment, bytes, memory, room);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (large) {
    madvise(memory, bytes, MADV_HUGEPAGE);  // a wish; where it is not granted nothing changes
  }
#endif
  return {memory, FreeAligned{allocated}};
}

}  // namespace fastphoto
