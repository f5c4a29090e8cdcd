// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "buffer.h"
#include "regions.h"

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
  // Neighbours that keep the addresses: a region without buffers is given back and mapped afresh.
  const Buffer<float> long_neighbour(large);
  const Buffer<float> short_neighbour(large, Lifetime::Short);
  for (const std::size_t count : {std::size_t{1}, std::size_t{100}, large / 8, large + 3, 5 * large}) {
    CAPTURE(count);
    for (int round = 0; round < 3; ++round) {
      Buffer<float> first(count);
      CHECK(reinterpret_cast<std::uintptr_t>(first.data()) % 64 == 0);
      CHECK(all_are(first, count, 0.0F));
      fill(first, count, 1.0F);
      Buffer<float> second(count, Lifetime::Short);
      CHECK(all_are(second, count, 0.0F));
      fill(second, count, 2.0F);
    }
  }
}

// The last buffer handed out leaves its addresses to the next one, the others do not.
TEST_CASE("buffers given back in any order leave the others as they are") {
  for (const bool last_first : {true, false}) {
    CAPTURE(last_first);
    std::vector<Buffer<float>> buffers;
    for (int k = 0; k < 6; ++k) {
      buffers.emplace_back(large / 2 + 1000 * static_cast<std::size_t>(k));
      fill(buffers.back(), large / 2, static_cast<float>(k));
    }
    for (int k = 0; k < 3; ++k) {
      buffers.erase(last_first ? buffers.end() - 1 : buffers.begin());
    }
    Buffer<float> fresh(large);
    CHECK(all_are(fresh, large, 0.0F));
    fill(fresh, large, -1.0F);
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(all_are(buffers[k], large / 2, static_cast<float>(k + (last_first ? 0 : 3))));
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

}  // namespace

TEST_CASE("pages go back to the system with their last buffer, though their neighbours stay") {
  std::vector<Buffer<float>> buffers;
  for (int k = 0; k < 3; ++k) {
    buffers.emplace_back(4 * large);
    fill(buffers.back(), 4 * large, 1.0F);
  }
  const std::size_t before = resident_bytes();
  buffers.erase(buffers.begin() + 1);
  // All of its 16 MiB but for the pages shared with the neighbours, of at most 2 MiB each.
  CHECK(before - resident_bytes() >= std::size_t{10} << 20);
  CHECK(all_are(buffers[1], 4 * large, 1.0F));
}

TEST_CASE("a child of fork() takes buffers, whatever other threads were doing when it was made") {
  std::atomic<bool> stop = false;
  std::thread other([&stop] {
    while (!stop) {
      const Buffer<float> of_long(large);
      const Buffer<float> of_short(large, Lifetime::Short);
    }
  });
  int failures = 0;
  for (int round = 0; round < 50 && failures == 0; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(5);  // ends a child that waits for a lock
      const Buffer<float> of_long(large);
      const Buffer<float> of_short(large, Lifetime::Short);
      _exit(all_are(of_long, large, 0.0F) && all_are(of_short, large, 0.0F) ? 0 : 1);
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

TEST_CASE("threads take and give back buffers at once") {
  std::vector<int> failures(4);
  std::vector<std::thread> threads;
  threads.reserve(failures.size());
  for (std::size_t t = 0; t < failures.size(); ++t) {
    threads.emplace_back([&failures, t] {
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
