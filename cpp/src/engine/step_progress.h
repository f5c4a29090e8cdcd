// SPDX-License-Identifier: Apache-2.0
//
// Tells the caller which step is at work and how far it is, and carries the caller's wish to cancel into every step.
#pragma once

#include <functional>

#include "fastphoto/engine/runtime.h"
#include "fastphoto/progress.h"
#include "fastphoto/threads.h"

namespace fastphoto {

/// The progress of one call, in steps of equal shares. Used by the thread that made the call alone.
class StepProgress {
 public:
  /// @param steps  the number of begin() that will follow.
  /// @param done   the share of the whole call that lies behind it, and
  /// @param rest   the share that these steps are.
  StepProgress(const Progress& callback, int steps, double done = 0.0, double rest = 1.0);
  StepProgress(const StepProgress&) = delete;
  StepProgress& operator=(const StepProgress&) = delete;

  /// The next step begins. @throws Error(Cancelled)
  void begin(const char* step);

  /// So much of the step at work is done, 0 .. 1. @throws Error(Cancelled)
  void within(double share);

  /// Everything is done.
  void end();

  /// Threads whose kernels ask the callback whether to go on.
  Threads polling(Threads threads) const;

  /// Runs a graph; meanwhile the callback is asked, and a runtime that can stop does. @throws Error(Cancelled)
  std::vector<std::shared_ptr<Tensor>> run(Graph& graph, const std::vector<GraphInput>& inputs,
                                           const std::vector<GraphOutput>& outputs, RunOptions options);

 private:
  bool ask(double share);

  const Progress& callback_;
  int steps_;
  double done_;
  double rest_;
  int begun_ = 0;
  const char* step_ = "";
  double told_ = 0.0;  // the last share that the callback was told
  std::function<bool()> keep_going_;
};

}  // namespace fastphoto
