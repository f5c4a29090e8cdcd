// SPDX-License-Identifier: Apache-2.0
//
// Zeroed, aligned memory of a fixed number of samples.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "base/page_pool.h"

namespace fastphoto {

struct FreeMemory {
  void* allocated = nullptr;  // what the allocator gave, a little before the aligned address; or
  Region* region = nullptr;   // the region of a page pool that the memory is part of

  void operator()(void* memory) const noexcept;
};

/// Zeroed bytes at an address that is a multiple of a cache line. Large ones come from the current PagePool, if there
/// is one: its huge pages matter to a stencil, which reads dozens of far-apart rows at once. Small ones never do.
std::unique_ptr<void, FreeMemory> allocate_zeroed(std::size_t bytes, Lifetime lifetime);

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
