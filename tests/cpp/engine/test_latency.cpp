// SPDX-License-Identifier: Apache-2.0
//
// What a host with little time and memory relies on: progress, cancelling, fork, memory.
#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fastphoto/engine/stylizer.h"
#include "fastphoto/error.h"
#include "photo.h"
#include "plain_runtime.h"
#include "thread_sanitizer.h"

#if defined(__linux__)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace fastphoto;
using namespace fastphoto::test;

namespace {

using Clock = std::chrono::steady_clock;

constexpr Index height = thread_sanitizer ? 140 : 700;
constexpr Index width = thread_sanitizer ? 180 : 900;

struct Fixture {
  Fixture() : stylizer(bundle.folder(), runtime) {}

  PlainBundle bundle;
  std::shared_ptr<PlainRuntime> runtime = std::make_shared<PlainRuntime>();
  Stylizer stylizer;
  Image content = photo(height, width, 1);
  Image result{height, width, 3};

  Look look() const { return stylizer.analyze({content.data(), height / 4, width / 4}); }
  Report apply(const Look& look, const ApplyOptions& options) {
    return stylizer.apply({content.data(), height, width}, look, {result.data(), height, width}, {}, options);
  }
};

}  // namespace

TEST_CASE("progress names the steps, never falls and ends at one") {
  Fixture f;
  std::string steps;
  std::string current;
  double last = -1.0;
  bool rises = true;
  ApplyOptions options;
  options.progress = [&](const char* step, double share) {
    rises = rises && share >= last;
    last = share;
    if (current != step) {
      current = step;
      steps += current + "; ";
    }
    return true;
  };
  f.apply(f.look(), options);
  CHECK(rises);
  CHECK(last == 1.0);
  CHECK(steps == "statistics of the colours; alignment of colours; alignment of squares; smoothing; done; ");
}

TEST_CASE("a callback cancels at every step, also in the midst of the network's and the solver's") {
  Fixture f;
  const Look look = f.look();
  for (const char* const where : {"statistics of the colours", "alignment of squares", "smoothing"}) {
    for (const int calls : {1, 3}) {  // as the step begins, and while it lasts
      CAPTURE(where);
      CAPTURE(calls);
      int seen = 0;
      ApplyOptions options;
      options.progress = [&](const char* step, double) {
        if (std::strcmp(where, step) == 0 && ++seen == calls) {
          return false;
        }
        // Steps before the one that is tested take no time.
        f.runtime->behaviour->milliseconds =
            std::strcmp(where, step) == 0 && std::strcmp(where, "smoothing") != 0 ? 60000 : 0;
        return true;
      };
      f.runtime->behaviour->milliseconds = 0;
      const auto begin = Clock::now();
      try {
        f.apply(look, options);
        FAIL("was not cancelled");
      } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::Cancelled);
      }
      CHECK(seen == calls);
      CHECK(Clock::now() - begin < std::chrono::seconds(50));  // the network alone would take 60
      f.runtime->behaviour->milliseconds = 0;
    }
  }
  CHECK_NOTHROW(f.apply(look, {}));  // and the next photo is none the worse for it
}

TEST_CASE("what a callback throws comes out of the call") {
  Fixture f;
  const Look look = f.look();
  f.runtime->behaviour->milliseconds = 100;
  for (const int calls : {1, 2, 4}) {
    int seen = 0;
    ApplyOptions options;
    options.progress = [&](const char*, double) -> bool {
      if (++seen == calls) {
        throw std::runtime_error("the user has gone");
      }
      return true;
    };
    CHECK_THROWS_WITH_AS(f.apply(look, options), "the user has gone", std::runtime_error);
  }
}

#if defined(__linux__)

TEST_CASE("a child of fork() gets one clear error from a Stylizer that it inherited, and its own works") {
  Fixture f;
  const Look look = f.look();
  const pid_t child = fork();
  if (child == 0) {
    alarm(120);  // a child that hangs; sanitizers make a photo take long
    int code = 1;
    try {
      f.apply(look, {});
    } catch (const Error& error) {
      code = error.kind() == ErrorKind::Device && std::strstr(error.what(), "open a new one after fork()") ? 2 : 3;
    }
    if (code == 2) {
      const Stylizer own(f.bundle.folder(), f.runtime);
      own.apply({f.content.data(), height, width}, look, {f.result.data(), height, width});
      code = 0;
    }
    _exit(code);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}

#if !defined(FASTPHOTO_SANITIZED)

namespace {

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

std::size_t status_bytes(const char* name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind(name, 0) == 0) {
      return std::stoul(line.substr(std::strlen(name) + 1)) * 1024;
    }
  }
  return 0;
}

}  // namespace

TEST_CASE("after prepare() photos of that size find their memory: no new pages") {
  Fixture f;
  const Look look = f.look();
  f.apply(look, {});
  const long before_cold = page_faults();
  f.apply(look, {});
  const long cold = page_faults() - before_cold;
  f.stylizer.prepare(width, height);
  f.apply(look, {});
  const long before_warm = page_faults();
  f.apply(look, {});
  f.apply(look, {});
  const long warm = page_faults() - before_warm;
  MESSAGE("page faults of one photo: ", cold, " before, of two after prepare(): ", warm);
  // The photo's own arrays would be 1,800 pages of 4 kB each, the solver's many more.
  CHECK(warm < 1000);
}

TEST_CASE("memory_needed() is kept") {
  for (const Smoothing smoothing : {Smoothing::ClosedForm, Smoothing::Guided, Smoothing::None}) {
    const pid_t child = fork();  // a process of its own, whose peak is that of one photo
    if (child == 0) {
      const Fixture f;
      const Image content = photo(1500, 1800, 1);
      Image result(1500, 1800, 3);
      std::memset(result.data(), 0, sizeof(float) * 1500 * 1800 * 3);
      const Look look = f.stylizer.analyze({content.data(), height / 4, width / 4});
      ApplyOptions options;
      options.smoothing = smoothing;
      std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
      const std::size_t before = status_bytes("VmRSS:");
      f.stylizer.apply({content.data(), 1500, 1800}, look, {result.data(), 1500, 1800}, {}, options);
      const std::size_t taken = status_bytes("VmHWM:") - before;
      const std::size_t stated = f.stylizer.memory_needed(1800, 1500, smoothing);
      std::ofstream("/dev/stderr") << "memory of 2.7 MP: " << taken / 1000000 << " MB taken, " << stated / 1000000
                                   << " MB stated\n";
      _exit(taken > 0 && taken <= stated && stated < 3 * taken ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
}

#endif
#endif
