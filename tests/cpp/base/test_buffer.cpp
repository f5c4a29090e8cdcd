// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/page_pool.h"

#if defined(FASTPHOTO_MAPS_PAGES)
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace fastphoto;

namespace {

constexpr std::size_t large = std::size_t{1} << 20;  // samples: more than the allocator is asked for

bool all_are(const Buffer<float>& buffer, std::size_t count, float value) {
  return std::all_of(buffer.data(), buffer.data() + count, [&](float sample) { return sample == value; });
}

void fill(Buffer<float>& buffer, std::size_t count, float value) { std::fill_n(buffer.data(), count, value); }

}  // namespace

TEST_CASE("a buffer is zero and begins at a cache line, whatever had its memory before") {
  PagePool pool;
  const PagePool::Use use(&pool);
  const Buffer<float> other(large);  // where there is none, the addresses are given back as well
  for (const Lifetime lifetime : {Lifetime::Long, Lifetime::Short}) {
    const Buffer<float> neighbour(large, lifetime);
    for (const std::size_t count : {std::size_t{1}, std::size_t{100}, large / 8, large + 3, 5 * large}) {
      CAPTURE(count);
      for (int round = 0; round < 3; ++round) {
        Buffer<float> first(count, lifetime);
        CHECK(reinterpret_cast<std::uintptr_t>(first.data()) % 64 == 0);
        CHECK(all_are(first, count, 0.0F));
        fill(first, count, 1.0F);
        Buffer<float> second(count, lifetime);
        CHECK(all_are(second, count, 0.0F));
        fill(second, count, 2.0F);
        if (round == 1) {
          pool.give_back_pages();
          pool.end_large_pages();
        }
        CHECK(all_are(first, count, 1.0F));
        CHECK(all_are(second, count, 2.0F));
      }
    }
  }
}

TEST_CASE("buffers given back in any order leave the others as they are") {
  PagePool pool;
  const PagePool::Use use(&pool);
  const std::vector<std::vector<std::size_t>> orders = {{0, 1, 2}, {5, 4, 3}, {1, 3, 5}, {2, 4, 3}, {4, 1, 0}};
  for (const std::vector<std::size_t>& order : orders) {
    CAPTURE(order[0]);
    std::vector<std::unique_ptr<Buffer<float>>> buffers;
    buffers.reserve(10);
    for (std::size_t k = 0; k < 6; ++k) {
      buffers.push_back(std::make_unique<Buffer<float>>(large / 2 + 1000 * k));
      fill(*buffers.back(), large / 2 + 1000 * k, static_cast<float>(k + 1));
    }
    for (const std::size_t k : order) {
      buffers[k].reset();
    }
    for (const std::size_t count : {large / 4, large, large / 2, large / 8}) {
      buffers.push_back(std::make_unique<Buffer<float>>(count));
      CHECK(all_are(*buffers.back(), count, 0.0F));
      fill(*buffers.back(), count, -1.0F);
    }
    for (std::size_t k = 0; k < 6; ++k) {
      CHECK((buffers[k] == nullptr || all_are(*buffers[k], large / 2 + 1000 * k, static_cast<float>(k + 1))));
    }
  }
}

#if defined(FASTPHOTO_MAPS_PAGES)
namespace {

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t page = 2 * mebibyte;  // a large one

Buffer<float> filled(std::size_t mebibytes) {
  const std::size_t count = mebibytes * mebibyte / sizeof(float);
  Buffer<float> buffer(count);
  fill(buffer, count, 1.0F);
  return buffer;
}

}  // namespace

TEST_CASE("what buffers leave is handed out again, also where several lay side by side") {
  PagePool pool;
  const PagePool::Use use(&pool);
  std::vector<std::unique_ptr<Buffer<float>>> buffers;
  buffers.reserve(6);
  for (int k = 0; k < 6; ++k) {
    buffers.push_back(std::make_unique<Buffer<float>>(filled(8)));
  }
  const std::size_t before = resident_bytes();
  for (const std::size_t k : {3, 1, 2}) {
    buffers[k].reset();
  }
  CHECK(resident_bytes() + page >= before);
  buffers[1] = std::make_unique<Buffer<float>>(filled(16));
  buffers[2] = std::make_unique<Buffer<float>>(filled(4));
  CHECK(resident_bytes() <= before + page);
}

TEST_CASE("pages on which nothing is in use go back to the system when it is time, and all in the end") {
  PagePool pool;
  const PagePool::Use use(&pool);
  const std::size_t at_first = resident_bytes();
  {
    std::vector<Buffer<float>> buffers;
    buffers.reserve(3);
    for (int k = 0; k < 3; ++k) {
      buffers.push_back(filled(16));
    }
    const std::size_t before = resident_bytes();
    buffers.erase(buffers.begin() + 1);
    pool.give_back_pages();
    CHECK(before - resident_bytes() >= 16 * mebibyte - 2 * page);  // pages shared with the neighbours stay
    CHECK(all_are(buffers[1], 16 * mebibyte / sizeof(float), 1.0F));
    CHECK(all_are(filled(8), 8 * mebibyte / sizeof(float), 1.0F));
  }
  CHECK(resident_bytes() <= at_first + page);
}

TEST_CASE("behind the last buffer no large page is filled once it is time for small ones") {
  PagePool pool;
  const PagePool::Use use(&pool);
  const Buffer<float> first = filled(8);
  Buffer<float> last(mebibyte / sizeof(float));  // begins a page, ends within it
  pool.end_large_pages();
  const std::size_t before = resident_bytes();
  fill(last, mebibyte / sizeof(float), 1.0F);
  CHECK(resident_bytes() - before <= mebibyte + mebibyte / 4);
  // Also where it is filled already.
  auto more = std::make_unique<Buffer<float>>(filled(4));
  const std::size_t with_more = resident_bytes();
  more.reset();
  pool.end_large_pages();
  CHECK(with_more - resident_bytes() >= 4 * mebibyte - mebibyte / 4);
  CHECK(all_are(first, 8 * mebibyte / sizeof(float), 1.0F));
  CHECK(all_are(last, mebibyte / sizeof(float), 1.0F));
}

TEST_CASE("a pool that keeps its pages has them for the next computation of that size") {
  PagePool pool(PagePool::Keep::UntilDestroyed);
  const PagePool::Use use(&pool);
  static_cast<void>(filled(32));
  const std::size_t before = resident_bytes();
  pool.give_back_pages();
  CHECK(resident_bytes() + page >= before);
  CHECK(all_are(filled(32), 32 * mebibyte / sizeof(float), 1.0F));
  CHECK(resident_bytes() <= before + page);
  CHECK(pool.bytes_used() <= 34 * mebibyte);
}

TEST_CASE("a child of fork() takes buffers, whatever other threads did with the pool when it was made") {
  PagePool pool;
  const PagePool::Use use(&pool);
  const Buffer<float> inherited = filled(1);
  std::atomic<bool> stop = false;
  std::thread other([&] {
    const PagePool::Use in_thread(&pool);
    while (!stop) {
      const Buffer<float> of_long(large, Lifetime::Long);
      const Buffer<float> of_short(large, Lifetime::Short);
    }
  });
  int failures = 0;
  for (int round = 0; round < 50 && failures == 0; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(5);  // ends a child that waits for a lock
      {
        const Buffer<float> copy = inherited;  // NOLINT(performance-unnecessary-copy-initialization): is the test
        const Buffer<float> of_long(large, Lifetime::Long);
        const Buffer<float> of_short(large, Lifetime::Short);
        pool.give_back_pages();
        if (!all_are(of_long, large, 0.0F) || !all_are(of_short, large, 0.0F) || copy.data()[0] != 1.0F) {
          _exit(1);
        }
      }
      _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    failures += status == 0 ? 0 : 1;
  }
  stop = true;
  other.join();
  CHECK(failures == 0);
}
#endif

TEST_CASE("copies and moves of buffers keep their samples") {
  Buffer<float> first(large);
  fill(first, large, 3.0F);
  Buffer<float> copy = first;
  fill(first, large, 4.0F);
  CHECK(all_are(copy, large, 3.0F));
  Buffer<float> moved = std::move(first);
  CHECK(all_are(moved, large, 4.0F));
  copy = std::move(moved);
  CHECK(all_are(copy, large, 4.0F));
}

TEST_CASE("threads take buffers from one pool and give them back at once") {
  PagePool pool;
  std::vector<int> failures(4);
  std::vector<std::thread> threads;
  threads.reserve(failures.size());
  for (std::size_t t = 0; t < failures.size(); ++t) {
    threads.emplace_back([&failures, &pool, t] {
      const PagePool::Use use(&pool);
      for (int round = 0; round < 20; ++round) {
        const std::size_t count = large / 4 + 999 * static_cast<std::size_t>(round);
        Buffer<float> one(count);
        Buffer<float> other(count / 2);
        const auto value = static_cast<float>(t + 1);
        failures[t] += all_are(one, count, 0.0F) && all_are(other, count / 2, 0.0F) ? 0 : 1;
        fill(one, count, value);
        fill(other, count / 2, -value);
        failures[t] += all_are(one, count, value) && all_are(other, count / 2, -value) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(std::all_of(failures.begin(), failures.end(), [](int count) { return count == 0; }));
}
