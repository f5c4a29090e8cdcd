// SPDX-License-Identifier: Apache-2.0
//
// The library's errors as Python's exceptions.
#include <pybind11/pybind11.h>

#include <cstring>

#include "bindings.h"
#include "fastphoto/error.h"

namespace fastphoto::python {

namespace {

/// The class of fastphoto_native.errors for a kind of error, or Python's own MemoryError.
py::object exception_class(ErrorKind kind) {
  const char* name = "ArgumentError";
  switch (kind) {
    case ErrorKind::OutOfMemory:
      return py::reinterpret_borrow<py::object>(PyExc_MemoryError);
    case ErrorKind::Cancelled:
      name = "CancelledError";
      break;
    case ErrorKind::Model:
      name = "ModelError";
      break;
    case ErrorKind::File:
      name = "PhotoError";
      break;
    case ErrorKind::Device:
      name = "DeviceError";
      break;
    case ErrorKind::Network:
      name = "FastphotoError";
      break;
    case ErrorKind::InvalidArgument:
      break;
  }
  return py::module_::import("fastphoto_native.errors").attr(name);
}

/// The message as a str; bytes of a file's name that are no UTF-8 are escaped.
py::object message_text(const char* message) {
  return py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(message, static_cast<py::ssize_t>(std::strlen(message)), "backslashreplace"));
}

}  // namespace

// std::bad_alloc becomes MemoryError in pybind11.
void bind_errors(py::module_&) {
  // NOLINTNEXTLINE(performance-unnecessary-value-param): the signature is pybind11's
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) {
        std::rethrow_exception(pointer);
      }
    } catch (const Error& error) {
      PyErr_SetObject(exception_class(error.kind()).ptr(), message_text(error.what()).ptr());
    }
  });
}

}  // namespace fastphoto::python
