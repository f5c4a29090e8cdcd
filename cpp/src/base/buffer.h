// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace fastphoto {

/// Memory that is soon given back shares no pages with what stays.
enum class Lifetime : std::uint8_t { Long, Short };

struct Region;

struct FreeMemory {
  void* allocated = nullptr;  // a little before the aligned address; or
  Region* region = nullptr;   // what the memory is part of

  void operator()(void* memory) const noexcept;
};

/// Zeroed bytes at an address that is a multiple of a cache line; not the small ones in large pages where the system
/// has them, since a stencil reads dozens of far-apart rows at once.
std::unique_ptr<void, FreeMemory> allocate_zeroed(std::size_t bytes, Lifetime lifetime);

/// For the end of a computation: gives the system what buffers have left. Until then it is kept for other buffers, or
/// until there are none.
void give_back_pages() noexcept;

/// For the moment when all that a step needs is allocated: the large pages in which it ends are not filled behind it.
void end_large_pages() noexcept;

/// A fixed number of samples, zero at first.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::size_t count, Lifetime lifetime = Lifetime::Short)
      : count_(count), memory_(allocate_zeroed(count * sizeof(T), lifetime)) {}
  Buffer(const Buffer& other) : Buffer(other.count_) { std::memcpy(data(), other.data(), count_ * sizeof(T)); }
  Buffer(Buffer&&) noexcept = default;
  Buffer& operator=(Buffer other) noexcept {
    count_ = other.count_;
    memory_ = std::move(other.memory_);
    return *this;
  }
  ~Buffer() = default;

  T* data() { return static_cast<T*>(memory_.get()); }
  const T* data() const { return static_cast<const T*>(memory_.get()); }

 private:
  std::size_t count_;
  std::unique_ptr<void, FreeMemory> memory_;
};

}  // namespace fastphoto
