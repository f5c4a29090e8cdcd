// SPDX-License-Identifier: Apache-2.0
//
// The engine's Runtime over a Python object: the package's face of the installed onnxruntime.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "fastphoto/engine/runtime.h"

namespace fastphoto::python {

/// @param runtime  has `open(file: str, model: bytes) -> graph` and `choice` (requested, used, provider, reason,
///                 precision). A graph has `inputs` and `outputs` (name, type, shape) and
///                 `run(inputs, outputs, on_device, shrink, stop) -> list`, which takes arrays or its own tensors by
///                 name and gives float32 arrays for what is wanted on the host. It is called with the lock held.
std::shared_ptr<Runtime> python_runtime(pybind11::object runtime);

}  // namespace fastphoto::python
