// SPDX-License-Identifier: Apache-2.0
//
// Regions of mapped pages and the pieces of them that buffers take.
#include "base/page_pool.h"

#include "base/process_id.h"

#if defined(FASTPHOTO_MAPS_PAGES)

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace fastphoto {

namespace {

constexpr std::size_t large_page = std::size_t{1} << 21;
constexpr std::size_t small_page = std::size_t{1} << 16;  // or some of them
constexpr std::size_t least_region = 32 * large_page;

// Addresses that are not used cost nothing. All that one photo takes then lies in two or three regions, where what is
// given back side by side is one piece again.
constexpr std::size_t buffers_per_region = 4;

std::size_t next_multiple(std::size_t number, std::size_t of) { return (number + of - 1) / of * of; }

/// With a gap behind, so that buffers of one size do not fall on one another in the cache.
std::size_t room_for(std::size_t bytes) { return next_multiple(bytes, cache_line) + 17 * cache_line; }

/// A stretch of a region, behind which the next one begins.
struct Piece {
  std::size_t size;
  bool used;
};

using Pieces = std::map<std::size_t, Piece>;  // by where they begin

}  // namespace

struct Region {
  Region(PagePool& pool, std::size_t room)
      : owner(pool),
        size(std::max(least_region, next_multiple(buffers_per_region * room, large_page))),
        pieces({{0, Piece{size, false}}}),
        mapped(mmap(nullptr, size + large_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                    0)) {
    if (mapped == MAP_FAILED) {
      throw std::bad_alloc();
    }
#if defined(MADV_HUGEPAGE)
    madvise(mapped, size + large_page, MADV_HUGEPAGE);  // a wish; where it is not granted nothing changes
#endif
    const auto address = reinterpret_cast<std::uintptr_t>(mapped);
    first = static_cast<char*>(mapped) + (next_multiple(address, large_page) - address);
  }
  ~Region() { munmap(mapped, size + large_page); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  bool unused() const { return pieces.size() == 1 && !pieces.begin()->second.used; }

  /// How much of so many bytes from `begin` on was never handed out.
  std::size_t new_bytes(std::size_t begin, std::size_t bytes) const {
    const std::size_t end = begin + bytes;
    return end - std::min(end, std::max(begin, handed_out));
  }

  void use(Pieces::iterator piece, std::size_t room) {
    const std::size_t rest = piece->second.size - room;
    if (rest > 0) {
      pieces.emplace_hint(std::next(piece), piece->first + room, Piece{rest, false});
    }
    piece->second = {room, true};
    handed_out = std::max(handed_out, piece->first + room);
  }

  /// Makes one piece of what began there and of unused ones beside it.
  void release(std::size_t begin) noexcept {
    const auto piece = pieces.find(begin);
    piece->second.used = false;
    const auto behind = std::next(piece);
    if (behind != pieces.end() && !behind->second.used) {
      piece->second.size += behind->second.size;
      pieces.erase(behind);
    }
    if (piece != pieces.begin() && !std::prev(piece)->second.used) {
      std::prev(piece)->second.size += piece->second.size;
      pieces.erase(piece);
    }
  }

  void give_back_pages() const noexcept {
    const std::size_t written = next_multiple(handed_out, large_page);
    for (const auto& [begin, piece] : pieces) {
      const std::size_t page = next_multiple(begin, large_page);
      const std::size_t end = std::min(begin + piece.size, written) / large_page * large_page;
      if (!piece.used && page < end) {
        madvise(first + page, end - page, MADV_DONTNEED);
      }
    }
  }

  /// Gives back what is behind the last memory in use, and lets small pages follow it.
  void end_large_pages() const noexcept {
    const auto& [end, behind] = *pieces.rbegin();
    if (behind.used) {
      return;
    }
#if defined(MADV_NOHUGEPAGE)
    madvise(first + end / large_page * large_page, large_page, MADV_NOHUGEPAGE);
#endif
    const std::size_t rest = next_multiple(end, small_page);
    const std::size_t written = next_multiple(handed_out, large_page);
    if (rest < written) {
      madvise(first + rest, written - rest, MADV_DONTNEED);
    }
  }

  PagePool& owner;
  std::size_t size;
  Pieces pieces;
  void* mapped;
  char* first = nullptr;       // large page
  std::size_t handed_out = 0;  // behind it nothing ever was: it is zero, and takes no memory yet
};

struct PagePool::Regions {
  std::mutex mutex;
  std::vector<std::unique_ptr<Region>> of_long;
  std::vector<std::unique_ptr<Region>> of_short;
  std::size_t in_use = 0;  // buffers
};

void* PagePool::take(std::size_t bytes, Lifetime lifetime, Region*& region, Clear clear) {
  if (inherited()) {
    region = nullptr;
    return nullptr;
  }
  const std::size_t room = room_for(bytes);
  std::unique_lock<std::mutex> lock(regions_->mutex);
  std::vector<std::unique_ptr<Region>>& regions = lifetime == Lifetime::Short ? regions_->of_short : regions_->of_long;
  // Where the least is new, and of those the smallest piece.
  std::pair<std::size_t, std::size_t> least{SIZE_MAX, SIZE_MAX};
  Pieces::iterator best;
  for (const std::unique_ptr<Region>& candidate : regions) {
    for (auto piece = candidate->pieces.begin(); piece != candidate->pieces.end(); ++piece) {
      const std::pair cost{candidate->new_bytes(piece->first, room), piece->second.size};
      if (!piece->second.used && piece->second.size >= room && cost < least) {
        least = cost;
        best = piece;
        region = candidate.get();
      }
    }
  }
  if (least.first == SIZE_MAX) {
    regions.push_back(std::make_unique<Region>(*this, room));
    region = regions.back().get();
    best = region->pieces.begin();
  }
  const std::size_t to_clear = clear == Clear::Yes ? bytes - region->new_bytes(best->first, bytes) : 0;
  region->use(best, room);
  ++regions_->in_use;
  char* const memory = region->first + best->first;
  lock.unlock();
  std::memset(memory, 0, to_clear);
  return memory;
}

void PagePool::give_back(void* memory, Region* region) noexcept {
  PagePool& pool = region->owner;
  if (pool.inherited()) {
    return;  // the pages are the parent's as well; the system takes them back when the child ends
  }
  const std::scoped_lock lock(pool.regions_->mutex);
  region->release(static_cast<std::size_t>(static_cast<char*>(memory) - region->first));
  if (--pool.regions_->in_use == 0 && pool.keep_ == Keep::WhileUsed) {
    pool.regions_->of_long.clear();
    pool.regions_->of_short.clear();
  }
}

void PagePool::give_back_pages() noexcept {
  if (keep_ == Keep::UntilDestroyed || inherited()) {
    return;
  }
  const std::scoped_lock lock(regions_->mutex);
  for (auto* const regions : {&regions_->of_long, &regions_->of_short}) {
    const auto unused = [](const std::unique_ptr<Region>& region) { return region->unused(); };
    regions->erase(std::remove_if(regions->begin(), regions->end(), unused), regions->end());
    for (const std::unique_ptr<Region>& region : *regions) {
      region->give_back_pages();
    }
  }
}

void PagePool::end_large_pages() noexcept {
  if (keep_ == Keep::UntilDestroyed || inherited()) {
    return;
  }
  const std::scoped_lock lock(regions_->mutex);
  for (const auto* const regions : {&regions_->of_long, &regions_->of_short}) {
    for (const std::unique_ptr<Region>& region : *regions) {
      region->end_large_pages();
    }
  }
}

std::size_t PagePool::bytes_used() const {
  const std::scoped_lock lock(regions_->mutex);
  std::size_t bytes = 0;
  for (const auto* const regions : {&regions_->of_long, &regions_->of_short}) {
    for (const std::unique_ptr<Region>& region : *regions) {
      bytes += region->handed_out;
    }
  }
  return bytes;
}

}  // namespace fastphoto

#else

namespace fastphoto {

struct Region {};
struct PagePool::Regions {};

void* PagePool::take(std::size_t, Lifetime, Region*& region, Clear) {
  region = nullptr;
  return nullptr;
}
void PagePool::give_back(void*, Region*) noexcept {}
void PagePool::give_back_pages() noexcept {}
void PagePool::end_large_pages() noexcept {}
std::size_t PagePool::bytes_used() const { return 0; }

}  // namespace fastphoto

#endif

namespace fastphoto {

namespace {

thread_local PagePool* current_pool = nullptr;

}  // namespace

bool PagePool::inherited() const noexcept { return process_id() != process_; }

PagePool::PagePool(Keep keep) : keep_(keep), process_(process_id()), regions_(std::make_unique<Regions>()) {}
PagePool::~PagePool() = default;

PagePool* PagePool::current() noexcept { return current_pool; }

PagePool::Use::Use(PagePool* pool) noexcept : before_(current_pool) { current_pool = pool; }
PagePool::Use::~Use() { current_pool = before_; }

}  // namespace fastphoto
