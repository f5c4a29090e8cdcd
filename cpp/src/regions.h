// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace fastphoto {

inline constexpr std::size_t cache_line = 64;

}  // namespace fastphoto

// Sanitizers watch what the allocator hands out, not mapped pages.
#if defined(__linux__) && !defined(FASTPHOTO_SANITIZED)
#define FASTPHOTO_MAPS_PAGES

namespace fastphoto {

/// Addresses for many buffers, mapped at once.
struct Region;

/// Hands out zeroed memory in order from regions, so that nearly all of it lies in large pages. A page goes back to the
/// system with its last buffer, but for the one that comes next, the addresses with the last buffer of all; those of
/// the last one handed out are used again.
class Regions {
 public:
  Regions();
  ~Regions();
  Regions(const Regions&) = delete;
  Regions& operator=(const Regions&) = delete;

  /// At a multiple of a cache line; says which region it is part of.
  void* take(std::size_t bytes, Region*& region);
  void give_back(void* memory, std::size_t bytes, Region* region) noexcept;

  /// If nothing has been written yet to the page in which the last memory ends, the system shall not fill all of it.
  void end_large_pages();

  /// Holds everybody else off.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Region>> open_;
  Region* current_ = nullptr;
  std::size_t used_ = 0;   // bytes of it,
  std::size_t fresh_ = 0;  // and from where on nothing has been written
};

}  // namespace fastphoto

#endif
