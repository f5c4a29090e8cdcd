// SPDX-License-Identifier: Apache-2.0
#include "regions.h"

#if defined(FASTPHOTO_MAPS_PAGES)

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

namespace fastphoto {

namespace {

constexpr std::size_t large_page = std::size_t{1} << 21;
constexpr std::size_t least_pages = 32;  // of a region

std::size_t next_multiple(std::size_t number, std::size_t of) { return (number + of - 1) / of * of; }

/// With a gap behind, so that buffers of one size do not fall on one another in the cache.
std::size_t room_for(std::size_t bytes) { return next_multiple(bytes, cache_line) + 17 * cache_line; }

}  // namespace

struct Region {
  /// Large pages for at least so many bytes.
  explicit Region(std::size_t bytes)
      : on_page(std::max(least_pages, next_multiple(bytes, large_page) / large_page)),
        size((on_page.size() + 1) * large_page),
        mapped(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (mapped == MAP_FAILED) {
      throw std::bad_alloc();
    }
#if defined(MADV_HUGEPAGE)
    madvise(mapped, size, MADV_HUGEPAGE);  // a wish; where it is not granted nothing changes
#endif
    const auto address = reinterpret_cast<std::uintptr_t>(mapped);
    first = static_cast<char*>(mapped) + (next_multiple(address, large_page) - address);
  }
  ~Region() { munmap(mapped, size); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  template <class Body>
  void for_each_page(const void* memory, std::size_t bytes, const Body& body) const {
    const auto begin = static_cast<std::size_t>(static_cast<const char*>(memory) - first);
    for (std::size_t page = begin / large_page; page * large_page < begin + bytes; ++page) {
      body(page);
    }
  }

  std::vector<std::size_t> on_page;  // buffers of each
  std::size_t buffers = 0;
  std::size_t size;
  void* mapped;
  char* first;  // large page
};

Regions::Regions() = default;
Regions::~Regions() = default;

void* Regions::take(std::size_t bytes, Region*& region) {
  const std::size_t room = room_for(bytes);
  std::unique_lock<std::mutex> lock(mutex_);
  if (current_ == nullptr || used_ + room > current_->on_page.size() * large_page) {
    open_.push_back(std::make_unique<Region>(room));
    current_ = open_.back().get();
    used_ = 0;
    fresh_ = 0;
  }
  region = current_;
  char* const memory = region->first + used_;
  const std::size_t written = used_ < fresh_ ? std::min(room, fresh_ - used_) : 0;
  used_ += room;
  fresh_ = std::max(fresh_, used_);
  ++region->buffers;
  region->for_each_page(memory, bytes, [&](std::size_t page) { ++region->on_page[page]; });
  lock.unlock();
  std::memset(memory, 0, written);
  return memory;
}

void Regions::give_back(void* memory, std::size_t bytes, Region* region) noexcept {
  const std::scoped_lock lock(mutex_);
  if (--region->buffers == 0) {
    if (region == current_) {
      current_ = nullptr;
    }
    const auto owns = [&](const std::unique_ptr<Region>& candidate) { return candidate.get() == region; };
    open_.erase(std::find_if(open_.begin(), open_.end(), owns));
    return;
  }
  const auto begin = static_cast<std::size_t>(static_cast<char*>(memory) - region->first);
  if (region == current_ && begin + room_for(bytes) == used_) {
    used_ = begin;
  }
  region->for_each_page(memory, bytes, [&](std::size_t page) {
    const bool next = region == current_ && page == used_ / large_page;  // will be wanted at once
    if (--region->on_page[page] == 0 && !next) {
      madvise(region->first + page * large_page, large_page, MADV_DONTNEED);
    }
  });
}

void Regions::end_large_pages() {
#if defined(MADV_NOHUGEPAGE)
  const std::scoped_lock lock(mutex_);
  if (current_ != nullptr && used_ % large_page != 0) {
    madvise(current_->first + used_ / large_page * large_page, large_page, MADV_NOHUGEPAGE);
  }
#endif
}

}  // namespace fastphoto

#endif
