// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include "bindings.h"
#include "fastphoto/options.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The C++ core of fastphoto_native. Use the package's own functions; these take float32 arrays only.";
  module.attr("__version__") = FASTPHOTO_VERSION;
  module.attr("ALL_THREADS") = fastphoto::all_threads;
  fastphoto::python::bind_errors(module);
  fastphoto::python::bind_laplacian(module);
  fastphoto::python::bind_simd_level(module);
  fastphoto::python::bind_smoothing(module);
  fastphoto::python::bind_filters(module);
  fastphoto::python::bind_statistics(module);
  fastphoto::python::bind_transform(module);
  fastphoto::python::bind_barycentre(module);
  fastphoto::python::bind_runtime(module);
  fastphoto::python::bind_colour(module);
  fastphoto::python::bind_adjustment(module);
  fastphoto::python::bind_stylizer(module);
  fastphoto::python::bind_labels(module);
  fastphoto::python::bind_pixels(module);
  fastphoto::python::bind_resample(module);
  fastphoto::python::bind_quality(module);
  fastphoto::python::bind_bundle(module);
  fastphoto::python::bind_look(module);
}
