// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include "bindings.h"
#include "fastphoto/error.h"

namespace fastphoto::python {

// fastphoto::Error becomes the package's ArgumentError (a ValueError) or CancelledError; std::bad_alloc becomes
// MemoryError in pybind11.
void bind_errors(py::module_&) {
  // NOLINTNEXTLINE(performance-unnecessary-value-param): the signature is pybind11's
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) {
        std::rethrow_exception(pointer);
      }
    } catch (const Error& error) {
      const char* name = error.kind() == ErrorKind::Cancelled ? "CancelledError" : "ArgumentError";
      const py::object kind = py::module_::import("fastphoto_native.errors").attr(name);
      PyErr_SetString(kind.ptr(), error.what());
    }
  });
}

}  // namespace fastphoto::python
