// SPDX-License-Identifier: Apache-2.0
//
// Threads that take chunks of rows from a common counter until none is left.
#include "base/parallel.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/page_pool.h"
#include "fastphoto/error.h"

namespace fastphoto {

namespace {
constexpr int most_threads = 256;
constexpr std::chrono::milliseconds between_questions{50};
}  // namespace

class Workers::Team {
 public:
  explicit Team(Threads threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  Index threads() const { return pool_ != nullptr ? pool_->size() : static_cast<Index>(threads_.size()) + 1; }
  void run(Index count, Index chunk, const Body& body);

 private:
  void work();
  void take_chunks();
  void ask_whether_to_go_on();
  void wait_for_threads();

  ThreadPool* pool_;  // the host's, if it gave one
  PagePool* pages_;
  const std::function<bool()>* keep_going_;  // Threads::polling; may be null
  std::thread::id caller_;                   // the thread that asks it
  std::chrono::steady_clock::time_point asked_;
  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  std::uint64_t round_ = 0;  // counts calls of run(); a new value wakes the threads
  int busy_ = 0;
  bool stop_ = false;

  const Body* body_ = nullptr;
  Index count_ = 0;
  Index chunk_ = 1;
  Index next_ = 0;
  std::exception_ptr error_;

  std::vector<std::thread> threads_;
};

Workers::Workers(Threads threads) : team_(std::make_unique<Team>(threads)) {}
Workers::~Workers() = default;

Index Workers::threads() const { return team_->threads(); }
void Workers::run(Index count, Index chunk, const Body& body) { team_->run(count, chunk, body); }

Workers::Team::Team(Threads threads)
    : pool_(threads.pool()),
      pages_(PagePool::current()),
      keep_going_(threads.keep_going()),
      caller_(std::this_thread::get_id()),
      asked_(std::chrono::steady_clock::now()) {
  if (pool_ != nullptr) {
    if (pool_->size() < 1) {
      throw Error(ErrorKind::InvalidArgument,
                  "the thread pool must have at least 1 thread, got " + std::to_string(pool_->size()));
    }
    return;
  }
  int count = threads.count();
  if (count < 0) {
    throw Error(ErrorKind::InvalidArgument,
                "threads must be 0 (all) or a positive number, got " + std::to_string(count));
  }
  if (count == all_threads) {
    count = static_cast<int>(std::thread::hardware_concurrency());  // 0 where unknown
  }
  const int helpers = std::clamp(count, 1, most_threads) - 1;
  threads_.reserve(static_cast<std::size_t>(helpers));
  try {
    for (int i = 0; i < helpers; ++i) {
      threads_.emplace_back([this] {
        const PagePool::Use use(pages_);
        work();
      });
    }
  } catch (const std::system_error&) {
    // The system gives no more threads; those that exist do the work.
  }
}

Workers::Team::~Team() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Workers::Team::run(Index count, Index chunk, const Body& body) {
  {
    const std::scoped_lock lock(mutex_);
    body_ = &body;
    count_ = count;
    chunk_ = chunk;
    next_ = 0;
    busy_ = static_cast<int>(threads_.size());
    ++round_;
  }
  if (pool_ != nullptr) {
    const Index tasks = std::min<Index>(pool_->size(), (count + chunk - 1) / chunk);
    pool_->run(static_cast<int>(tasks), [this](int) {
      const PagePool::Use use(pages_);
      take_chunks();
    });
  } else {
    start_.notify_all();
    take_chunks();
    wait_for_threads();
  }
  if (error_) {
    const std::exception_ptr error = error_;
    error_ = nullptr;
    std::rethrow_exception(error);
  }
}

void Workers::Team::wait_for_threads() {
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [this] { return busy_ == 0; });
}

void Workers::Team::work() {
  std::uint64_t seen = 0;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      start_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) {
        return;
      }
      seen = round_;
    }
    take_chunks();
    const std::scoped_lock lock(mutex_);
    if (--busy_ == 0) {
      done_.notify_one();
    }
  }
}

void Workers::Team::ask_whether_to_go_on() {
  if (keep_going_ == nullptr || std::this_thread::get_id() != caller_) {
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (now - asked_ < between_questions) {
    return;
  }
  asked_ = now;
  if (!(*keep_going_)()) {
    throw Error(ErrorKind::Cancelled, "the call was cancelled");
  }
}

void Workers::Team::take_chunks() {
  for (;;) {
    Index begin = 0;
    Index end = 0;
    {
      const std::scoped_lock lock(mutex_);
      if (next_ >= count_ || error_) {
        return;
      }
      begin = next_;
      end = std::min(count_, begin + chunk_);
      next_ = end;
    }
    try {
      ask_whether_to_go_on();
      (*body_)(begin, end);
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      if (!error_) {
        error_ = std::current_exception();
      }
    }
  }
}

}  // namespace fastphoto
