// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "base/buffer.h"

namespace fastphoto {

inline constexpr std::size_t cache_line = 64;

}  // namespace fastphoto

// Sanitizers watch what the allocator hands out, not mapped pages.
#if defined(__linux__) && !defined(FASTPHOTO_SANITIZED)
#define FASTPHOTO_MAPS_PAGES

namespace fastphoto {

/// Addresses for many buffers, mapped at once.
struct Region;

/// Hands out zeroed memory from regions, so that nearly all of it lies in large pages. What was given back is handed
/// out again first, since the system takes longer to make a page than to clear one takes. It gets its pages when it is
/// told that nobody will want them soon, or when nothing is in use any more.
class Regions {
 public:
  Regions();
  ~Regions();
  Regions(const Regions&) = delete;
  Regions& operator=(const Regions&) = delete;

  /// At a multiple of a cache line; says which region it is part of.
  void* take(std::size_t bytes, Lifetime lifetime, Region*& region);
  void give_back(void* memory, Region* region) noexcept;

  void give_back_pages() noexcept;
  void end_large_pages() noexcept;

  /// Holds everybody else off.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Region>> of_long_;
  std::vector<std::unique_ptr<Region>> of_short_;
  std::size_t in_use_ = 0;  // buffers
};

}  // namespace fastphoto

#endif
