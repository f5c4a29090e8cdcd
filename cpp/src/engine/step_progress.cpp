// SPDX-License-Identifier: Apache-2.0
//
// How a callback is asked while a kernel or a graph is at work.
#include "engine/step_progress.h"

#include <algorithm>
#include <chrono>
#include <future>

#include "fastphoto/error.h"

namespace fastphoto {

namespace {

constexpr std::chrono::milliseconds between_questions{30};

[[noreturn]] void cancel(const char* step) {
  throw Error(ErrorKind::Cancelled, std::string("the progress callback cancelled the call at the step '") + step + "'");
}

}  // namespace

StepProgress::StepProgress(const Progress& callback, int steps, double done, double rest)
    : callback_(callback), steps_(steps), done_(done), rest_(rest), keep_going_([this] { return ask(told_); }) {}

bool StepProgress::ask(double share) {
  if (!callback_) {
    return true;
  }
  told_ = std::max(told_, share);
  return callback_(step_, told_);
}

void StepProgress::begin(const char* step) {
  step_ = step;
  if (!ask(done_ + rest_ * begun_++ / steps_)) {
    cancel(step_);
  }
}

void StepProgress::within(double share) {
  if (!ask(done_ + rest_ * (begun_ - 1 + std::clamp(share, 0.0, 1.0)) / steps_)) {
    cancel(step_);
  }
}

void StepProgress::end() {
  step_ = "done";
  ask(1.0);
}

Threads StepProgress::polling(Threads threads) const { return callback_ ? threads.polling(keep_going_) : threads; }

std::vector<std::shared_ptr<Tensor>> StepProgress::run(Graph& graph, const std::vector<GraphInput>& inputs,
                                                       const std::vector<GraphOutput>& outputs, RunOptions options) {
  if (!callback_) {
    return graph.run(inputs, outputs, options);
  }
  StopSignal stop;
  options.stop = &stop;
  auto running = std::async(std::launch::async, [&] { return graph.run(inputs, outputs, options); });
  bool cancelled = false;
  while (!cancelled && running.wait_for(between_questions) != std::future_status::ready) {
    try {
      cancelled = !ask(told_);
    } catch (...) {
      stop.request();
      running.wait();
      throw;
    }
  }
  if (!cancelled) {
    return running.get();
  }
  stop.request();
  running.wait();
  cancel(step_);
}

}  // namespace fastphoto
