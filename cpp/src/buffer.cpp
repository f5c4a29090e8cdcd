// SPDX-License-Identifier: Apache-2.0
#include "buffer.h"

#include <cstdint>
#include <cstdlib>
#include <new>

// Sanitizers watch what the allocator hands out, not mapped pages.
#if defined(__linux__) && !defined(FASTPHOTO_SANITIZED)
#define FASTPHOTO_MAPS_PAGES
#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <vector>
#endif

namespace fastphoto {

namespace {

constexpr std::size_t cache_line = 64;

}  // namespace

#if defined(FASTPHOTO_MAPS_PAGES)

/// Addresses for many buffers, handed out in order, so that nearly all of them lie in large pages. A page goes back to
/// the system with its last buffer, the addresses with the last one of all; those of the last buffer handed out are
/// used again.
struct Region {
  void* mapped;
  std::size_t size;
  char* first;                       // large page
  std::vector<std::size_t> on_page;  // buffers of each
  std::size_t buffers;
};

namespace {

constexpr std::size_t large_page = std::size_t{1} << 21;
constexpr std::size_t least_pages = 32;  // of a region

// Smaller ones are the allocator's.
constexpr std::size_t least_mapped = std::size_t{1} << 18;

std::size_t next_multiple(std::size_t number, std::size_t of) { return (number + of - 1) / of * of; }

class Regions {
 public:
  void* take(std::size_t bytes, Region*& region) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::size_t room = next_multiple(bytes, cache_line);
    if (current_ == nullptr || used_ + room > current_->on_page.size() * large_page) {
      current_ = open(room);
      used_ = 0;
      fresh_ = 0;
    }
    region = current_;
    char* const memory = region->first + used_;
    if (used_ < fresh_) {
      std::memset(memory, 0, std::min(room, fresh_ - used_));
    }
    used_ += room;
    fresh_ = std::max(fresh_, used_);
    ++region->buffers;
    for_each_page(*region, memory, bytes, [&](std::size_t page) { ++region->on_page[page]; });
    return memory;
  }

  void give_back(void* memory, std::size_t bytes, Region* region) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--region->buffers == 0) {
      if (region == current_) {
        current_ = nullptr;
      }
      munmap(region->mapped, region->size);
      delete region;
      return;
    }
    const auto at = static_cast<std::size_t>(static_cast<char*>(memory) - region->first);
    if (region == current_ && at + next_multiple(bytes, cache_line) == used_) {
      used_ = at;
    }
    for_each_page(*region, memory, bytes, [&](std::size_t page) {
      if (--region->on_page[page] == 0) {
        madvise(region->first + page * large_page, large_page, MADV_DONTNEED);
      }
    });
  }

 private:
  template <class Body>
  static void for_each_page(const Region& region, const void* memory, std::size_t bytes, const Body& body) {
    const auto first = static_cast<std::size_t>(static_cast<const char*>(memory) - region.first);
    for (std::size_t page = first / large_page; page * large_page < first + bytes; ++page) {
      body(page);
    }
  }

  /// For at least so many bytes.
  static Region* open(std::size_t bytes) {
    const std::size_t pages = std::max(least_pages, next_multiple(bytes, large_page) / large_page);
    const std::size_t size = (pages + 1) * large_page;
    auto region = std::make_unique<Region>();
    region->on_page.resize(pages);
    void* const mapped =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
      throw std::bad_alloc();
    }
#if defined(MADV_HUGEPAGE)
    madvise(mapped, size, MADV_HUGEPAGE);  // a wish; where it is not granted nothing changes
#endif
    const auto address = reinterpret_cast<std::uintptr_t>(mapped);
    region->mapped = mapped;
    region->size = size;
    region->first = static_cast<char*>(mapped) + (next_multiple(address, large_page) - address);
    return region.release();
  }

  std::mutex mutex_;
  Region* current_ = nullptr;  // deleted with its last buffer
  std::size_t used_ = 0;       // bytes of it,
  std::size_t fresh_ = 0;      // and from where on nothing has been written
};

Regions& regions() {
  static auto* const all = new Regions;  // never destroyed: buffers may outlive static objects
  return *all;
}

}  // namespace

#endif

void FreeMemory::operator()([[maybe_unused]] void* memory) const noexcept {
#if defined(FASTPHOTO_MAPS_PAGES)
  if (region != nullptr) {
    regions().give_back(memory, bytes, region);
    return;
  }
#endif
  std::free(allocated);
}

std::unique_ptr<void, FreeMemory> allocate_zeroed(std::size_t bytes) {
#if defined(FASTPHOTO_MAPS_PAGES)
  if (bytes >= least_mapped) {
    Region* region = nullptr;
    void* const memory = regions().take(bytes, region);
    return {memory, FreeMemory{nullptr, region, bytes}};
  }
#endif
  std::size_t room = bytes + cache_line;
  void* const allocated = std::calloc(room, 1);
  if (allocated == nullptr) {
    throw std::bad_alloc();
  }
  void* memory = allocated;
  std::align(cache_line, bytes, memory, room);
  return {memory, FreeMemory{allocated}};
}

}  // namespace fastphoto
