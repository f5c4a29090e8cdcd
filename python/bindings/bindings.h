// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

namespace fastphoto::python {

namespace py = pybind11;

void bind_colour(py::module_& module);
void bind_adjustment(py::module_& module);
void bind_barycentre(py::module_& module);
void bind_bundle(const py::module_& module);
void bind_errors(py::module_& module);
void bind_labels(py::module_& module);
void bind_laplacian(py::module_& module);
void bind_runtime(py::module_& module);
void bind_pixels(py::module_& module);
void bind_quality(py::module_& module);
void bind_resample(py::module_& module);
void bind_look(const py::module_& module);
void bind_simd_level(py::module_& module);
void bind_smoothing(py::module_& module);
void bind_filters(py::module_& module);
void bind_statistics(py::module_& module);
void bind_stylizer(py::module_& module);
void bind_transform(py::module_& module);

}  // namespace fastphoto::python
