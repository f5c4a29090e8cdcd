// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include "bindings.h"
#include "fastphoto/simd_level.h"

namespace fastphoto::python {

void bind_simd_level(py::module_& module) {
  module.def(
      "simd_level", &simd_level,
      "The instruction set that the kernels run with on this machine: \"x86-64-v4\" (AVX-512), \"x86-64-v3\" (AVX2 "
      "and FMA) or \"baseline\".");
}

}  // namespace fastphoto::python
