// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/matting_laplacian.h"
#include "gil.h"
#include "options.h"

namespace fastphoto::python {

namespace {

/// The matrix as (data, indices, indptr): three arrays over one matrix, which lives as long as any of them.
py::tuple compressed_rows(SparseMatrix&& matrix) {
  auto owned = std::make_unique<SparseMatrix>(std::move(matrix));
  const SparseMatrix& kept = *owned;
  const py::capsule owner(owned.release(), [](void* memory) { delete static_cast<SparseMatrix*>(memory); });
  return py::make_tuple(py::array_t<double>(kept.nonZeros(), kept.valuePtr(), owner),
                        py::array_t<std::int64_t>(kept.nonZeros(), kept.innerIndexPtr(), owner),
                        py::array_t<std::int64_t>(kept.rows() + 1, kept.outerIndexPtr(), owner));
}

}  // namespace

void bind_laplacian(py::module_& module) {
  OptionsClass<MattingOptions>(module, "MattingOptions", "eps and radius of the matting Laplacian.")
      .field("eps", &MattingOptions::eps)
      .field("radius", &MattingOptions::radius);

  module.def(
      "matting_laplacian",
      [](const py::object& image, const MattingOptions& options, const py::object& threads) {
        const ImageView view = image_argument(image, "image");
        const int count = int_argument(threads, "threads");
        SparseMatrix laplacian;
        {
          const WithoutGil unlocked;
          laplacian = matting_laplacian(view, options, count);
        }
        return compressed_rows(std::move(laplacian));
      },
      py::arg("image"), py::arg("options"), py::arg("threads"), "(data, indices, indptr) of compressed rows.");
}

}  // namespace fastphoto::python
