// SPDX-License-Identifier: Apache-2.0
//
// Several statistics made one.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings.h"
#include "fastphoto/barycentre.h"
#include "gil.h"
#include "options.h"

namespace fastphoto::python {

// NOLINTNEXTLINE(misc-const-correctness): as all functions of bindings.h
void bind_barycentre(py::module_& module) {
  OptionsClass<BarycentreOptions>(module, "BarycentreOptions", "Options of wasserstein_barycentre.")
      .field("relative_ridge", &BarycentreOptions::relative_ridge)
      .field("tolerance", &BarycentreOptions::tolerance)
      .field("max_iterations", &BarycentreOptions::max_iterations);
  module.def("pooled_statistics", &pooled_statistics, py::arg("parts"), py::arg("weights"),
             py::call_guard<WithoutGil>(), "The statistics of a mixture of sets of features.");
  module.def("wasserstein_barycentre", &wasserstein_barycentre, py::arg("parts"), py::arg("weights"),
             py::arg("options") = BarycentreOptions(), py::call_guard<WithoutGil>(),
             "The statistics between others, along the Bures-Wasserstein geodesic.");
}

}  // namespace fastphoto::python
