// SPDX-License-Identifier: Apache-2.0
//
// Python's lock, released and taken, also while the interpreter ends.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

namespace fastphoto::python {

/// Keeps a daemon thread where it is once the interpreter ends. A thread that takes the lock then would be unwound
/// through C++ that may not be unwound, and the process would abort. Python 3.14 holds such threads itself.
inline void stay_if_interpreter_ends() {
#if PY_VERSION_HEX >= 0x030D0000
  const auto ends = [] { return Py_IsFinalizing() != 0; };
#else
  const auto ends = [] { return _Py_IsFinalizing() != 0; };
#endif
  while (ends()) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

/// Releases the lock and never returns.
[[noreturn]] inline void hold_thread() {
  static_cast<void>(PyEval_SaveThread());
  for (;;) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

/// The lock is released while this object lives.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;
  // The interpreter may begin to end while the thread waits: it is unwound from here then.
  ~WithoutGil() noexcept(false) {  // NOLINT(bugprone-unsafe-to-allow-exceptions)
    stay_if_interpreter_ends();
    PyEval_RestoreThread(state_);
  }

 private:
  PyThreadState* state_;
};

/// The lock is held while this object lives; for calls of Python from C++.
class WithGil {
 private:
  struct Wait {
    Wait() { stay_if_interpreter_ends(); }
  };
  Wait wait_;  // before the lock
  pybind11::gil_scoped_acquire lock_;
};

}  // namespace fastphoto::python
