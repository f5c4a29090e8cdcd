// SPDX-License-Identifier: Apache-2.0
//
// A host's own pool of threads, and calls that are cancelled in the midst of a step.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/parallel.h"
#include "fastphoto/closed_form_smoothing.h"
#include "fastphoto/error.h"
#include "fastphoto/guided_filter.h"
#include "random_image.h"

using namespace fastphoto;

namespace {

/// As a host might have it: counts what it was asked for and runs tasks backwards on threads of its own.
class HostPool final : public ThreadPool {
 public:
  explicit HostPool(int size) : size_(size) {}
  int size() const override { return size_; }
  void run(int count, const std::function<void(int)>& task) override {
    ++calls;
    most_tasks = std::max(most_tasks, count);
    std::vector<std::thread> threads;
    for (int i = count - 1; i >= 0; --i) {
      threads.emplace_back([&task, i] { task(i); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }

  int calls = 0;
  int most_tasks = 0;

 private:
  int size_;
};

}  // namespace

TEST_CASE("a host's pool does all the work, with the same result to the bit") {
  const Image content = random_image(70, 90, 3, 1);
  const Image stylized = random_image(70, 90, 3, 2);
  HostPool pool(3);
  const Image ours = closed_form_smooth(stylized.view(), content.view(), {}, 1).image;
  const Image theirs = closed_form_smooth(stylized.view(), content.view(), {}, pool).image;
  CHECK(equal(ours.view(), theirs.view()));
  CHECK(pool.calls > 10);
  CHECK(pool.most_tasks == 3);
}

TEST_CASE("what a body throws on a host's pool comes out of the call") {
  HostPool pool(2);
  Workers workers(pool);
  CHECK(workers.threads() == 2);
  CHECK_THROWS_WITH_AS(workers.run(100, 1,
                                   [](Index begin, Index) {
                                     if (begin == 50) {
                                       throw std::runtime_error("row 50");
                                     }
                                   }),
                       "row 50", std::runtime_error);
}

TEST_CASE("an empty pool and a negative number of threads are errors") {
  HostPool empty(0);
  CHECK_THROWS_AS(Workers{Threads(empty)}, Error);
  CHECK_THROWS_AS(Workers{Threads(-1)}, Error);
}

TEST_CASE("a call ends in the midst of a step when it is asked to, on the thread that made it") {
  const auto caller = std::this_thread::get_id();
  for (const int threads : {1, 3}) {
    int questions = 0;
    bool on_caller = true;
    const std::function<bool()> keep_going = [&] {
      on_caller = on_caller && std::this_thread::get_id() == caller;
      return ++questions < 3;
    };
    Workers workers(Threads(threads).polling(keep_going));
    const auto slow = [](Index, Index) { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
    try {
      workers.run(1000, 1, slow);
      FAIL("was not cancelled");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Cancelled);
    }
    CHECK(questions == 3);
    CHECK(on_caller);
  }
}

TEST_CASE("what the question throws comes out of the call") {
  const std::function<bool()> keep_going = []() -> bool { throw std::logic_error("no answer"); };
  const Image photo = random_image(1500, 1000, 3, 1);
  CHECK_THROWS_WITH_AS(guided_filter(photo.view(), photo.view(), {}, Threads(1).polling(keep_going)), "no answer",
                       std::logic_error);
}
