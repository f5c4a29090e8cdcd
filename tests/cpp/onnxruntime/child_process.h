// SPDX-License-Identifier: Apache-2.0
//
// Runs test cases in a process of their own.
#pragma once

#include <functional>
#include <string>

struct ChildResult {
  int status = 0;      // the exit status, or -1 if a signal ended it or it took more than a minute
  std::string output;  // what it printed
};

/// Runs one test case, which may be marked doctest::skip(), in a new process of this program.
/// @param assignments  what the shell's `env` takes: "NAME=value", "-u NAME".
ChildResult run_test_case(const std::string& name, const std::string& assignments);

/// Runs `body` in a child made by fork(), which ends with the body's result as exit status.
ChildResult run_forked(const std::function<int()>& body);
