// SPDX-License-Identifier: Apache-2.0
//
// Starts child processes of the tests and waits for them, not for ever.
#include "onnxruntime/child_process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace {

constexpr int patience_seconds = 60;  // seconds of what takes less than one

int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

}  // namespace

ChildResult run_test_case(const std::string& name, const std::string& assignments) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = "exec timeout " + std::to_string(patience_seconds) + " env " + assignments + " '" +
                              program + "' --no-skip --out=/dev/null --test-case='" + name + "' 2>&1";
  ChildResult result;
  std::FILE* pipe = popen(command.c_str(), "r");  // NOLINT(bugprone-command-processor): its words are the tests' own
  if (pipe == nullptr) {
    return {-1, "no process"};
  }
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof(buffer), pipe)) {
    result.output.append(buffer, count);
  }
  result.status = exit_status(pclose(pipe));
  return result;
}

ChildResult run_forked(const std::function<int()>& body) {
  static_cast<void>(std::fflush(nullptr));
  const pid_t child = fork();
  if (child == 0) {
    const int status = body();
#ifdef FASTPHOTO_SANITIZED
    std::_Exit(status);  // what belongs to the parent is not released, which LeakSanitizer would take for leaks
#else
    // With all that libraries have registered for the end of the process.
    std::exit(status);  // NOLINT(concurrency-mt-unsafe): a child of fork() has one thread
#endif
  }
  int status = 0;
  for (int i = 0; i < patience_seconds * 100; ++i) {
    if (waitpid(child, &status, WNOHANG) == child) {
      return {exit_status(status), ""};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return {-1, "the child did not end"};
}
