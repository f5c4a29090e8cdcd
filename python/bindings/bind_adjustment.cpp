// SPDX-License-Identifier: Apache-2.0
//
// Strengths apart.
#include <pybind11/pybind11.h>

#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/adjustment.h"
#include "gil.h"
#include "options.h"

namespace fastphoto::python {

// NOLINTNEXTLINE(misc-const-correctness): as all functions of bindings.h
void bind_adjustment(py::module_& module) {
  OptionsClass<AdjustmentOptions>(module, "AdjustmentOptions", "Options of adjust.")
      .field("tone", &AdjustmentOptions::tone)
      .field("colour", &AdjustmentOptions::colour)
      .field("white_balance", &AdjustmentOptions::white_balance)
      .field("preserve_luminance", &AdjustmentOptions::preserve_luminance)
      .field("preserve_skin", &AdjustmentOptions::preserve_skin)
      .field("preserve_neutrals", &AdjustmentOptions::preserve_neutrals);
  module.def(
      "adjust",
      [](const py::object& content, const py::object& result, const AdjustmentOptions& options,
         const py::object& threads) {
        const ImageView from = image_argument(content, "content");
        const ImageView to = image_argument(result, "result");
        const int count = int_argument(threads, "threads");
        Image mixed;
        {
          const WithoutGil unlocked;
          mixed = copy_of(to);
          adjust(from, mixed, options, GamutOptions(), count);
        }
        return move_out(std::move(mixed), shape_of(result));
      },
      py::arg("content"), py::arg("result"), py::arg("options"), py::arg("threads"),
      "The result with its changes of tone, colour and white balance mixed anew.");
}

}  // namespace fastphoto::python
