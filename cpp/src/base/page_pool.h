// SPDX-License-Identifier: Apache-2.0
//
// A pool of memory pages that one object owns, so that its large buffers share huge pages and reuse each other's
// memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "fastphoto/export.h"

// Sanitizers watch what the allocator hands out, not mapped pages.
#if defined(__linux__) && !defined(FASTPHOTO_SANITIZED)
#define FASTPHOTO_MAPS_PAGES
#endif

namespace fastphoto {

inline constexpr std::size_t cache_line = 64;

/// Memory that is soon given back shares no pages with what stays.
enum class Lifetime : std::uint8_t { Long, Short };

/// Addresses for many buffers, mapped at once.
struct Region;

/// Hands out zeroed memory from regions, so that nearly all of it lies in huge pages. Memory that was given back is
/// handed out again first, since the system takes longer to make a page than to clear one.
///
/// A computation takes from the pool that is current on its thread (PagePool::Use). Where there is none, and on systems
/// without mmap, buffers come from the allocator. So they do in a child of fork() that has inherited the pool, since
/// another thread of its parent may have held the pool's lock for ever.
class FASTPHOTO_API PagePool {
 public:
  /// When the pool's pages go back to the system.
  enum class Keep : std::uint8_t {
    WhileUsed,       ///< when no buffer is left, and in give_back_pages()
    UntilDestroyed,  ///< with the pool: a second computation of the same size finds all of its memory here
  };

  explicit PagePool(Keep keep = Keep::WhileUsed);
  ~PagePool();
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  /// The pool that large buffers of this thread come from; none by default.
  static PagePool* current() noexcept;

  /// Makes a pool (or none) current on this thread until the end of the scope.
  class FASTPHOTO_API Use {
   public:
    explicit Use(PagePool* pool) noexcept;
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    PagePool* before_;
  };

  enum class Clear : bool { No, Yes };

  /// Memory at a multiple of a cache line, zeroed unless told otherwise, and the region that it is part of; null where
  /// pages are not mapped.
  void* take(std::size_t bytes, Lifetime lifetime, Region*& region, Clear clear = Clear::Yes);

  /// Returns memory to the pool that it came from.
  static void give_back(void* memory, Region* region) noexcept;

  /// For the end of a computation: unused pages go back to the system, unless the pool keeps them.
  void give_back_pages() noexcept;

  /// For the moment when all that a step needs is allocated: gives back the unused tail of the last huge pages.
  void end_large_pages() noexcept;

  /// Bytes of address space that buffers have been handed out of so far.
  std::size_t bytes_used() const;

 private:
  bool inherited() const noexcept;

  Keep keep_;
  std::int64_t process_;  // that made the pool
  struct Regions;
  std::unique_ptr<Regions> regions_;
};

}  // namespace fastphoto
