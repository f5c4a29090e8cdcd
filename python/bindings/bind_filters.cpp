// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/bilateral_affine_filter.h"
#include "fastphoto/detail.h"
#include "fastphoto/guided_filter.h"
#include "fastphoto/local_affine_filter.h"
#include "fastphoto/local_affine_maps.h"
#include "gil.h"
#include "options.h"

namespace fastphoto::python {

namespace {

/// Calls a filter of two images without the lock.
template <class Options, class Filter>
py::array filter(Filter kernel, const py::object& a, const char* name_a, const py::object& b, const char* name_b,
                 const py::object& shape_like, const Options& options, const py::object& threads) {
  const ImageView view_a = image_argument(a, name_a);
  const ImageView view_b = image_argument(b, name_b);
  const int count = int_argument(threads, "threads");
  Image result;
  {
    const WithoutGil unlocked;
    result = kernel(view_a, view_b, options, count);
  }
  return move_out(std::move(result), shape_of(shape_like));
}

}  // namespace

void bind_filters(py::module_& module) {
  OptionsClass<GuidedFilterOptions>(module, "GuidedFilterOptions", "Options of the guided filter.")
      .field("radius", &GuidedFilterOptions::radius)
      .field("eps", &GuidedFilterOptions::eps);
  OptionsClass<LocalAffineOptions>(module, "LocalAffineOptions", "Options of the local affine filter.")
      .field("radius", &LocalAffineOptions::radius)
      .field("range_sigma", &LocalAffineOptions::range_sigma)
      .field("ridge", &LocalAffineOptions::ridge);

  OptionsClass<BilateralAffineOptions>(module, "BilateralAffineOptions", "Options of the bilateral affine filter.")
      .field("radius", &BilateralAffineOptions::radius)
      .field("spatial_sigma", &BilateralAffineOptions::spatial_sigma)
      .field("range_sigma", &BilateralAffineOptions::range_sigma)
      .field("window_radius", &BilateralAffineOptions::window_radius)
      .field("ridge", &BilateralAffineOptions::ridge);

  OptionsClass<LocalAffineMapOptions>(module, "LocalAffineMapOptions", "Options of fit_local_affine_maps.")
      .field("radius", &LocalAffineMapOptions::radius)
      .field("eps", &LocalAffineMapOptions::eps);

  OptionsClass<DetailOptions>(module, "DetailOptions", "Options of restore_detail.")
      .field("radius", &DetailOptions::radius)
      .field("edge_variance", &DetailOptions::edge_variance)
      .field("amount", &DetailOptions::amount)
      .field("largest_change", &DetailOptions::largest_change)
      .field("largest_gain", &DetailOptions::largest_gain);

  module.def(
      "guided_filter",
      [](const py::object& guide, const py::object& src, const GuidedFilterOptions& options,
         const py::object& threads) {
        return filter(guided_filter, guide, "guide", src, "src", src, options, threads);
      },
      py::arg("guide"), py::arg("src"), py::arg("options"), py::arg("threads"));
  module.def(
      "local_affine_filter",
      [](const py::object& stylized, const py::object& content, const LocalAffineOptions& options,
         const py::object& threads) {
        return filter(local_affine_filter, stylized, "stylized", content, "content", stylized, options, threads);
      },
      py::arg("stylized"), py::arg("content"), py::arg("options"), py::arg("threads"));
  module.def(
      "bilateral_affine_filter",
      [](const py::object& stylized, const py::object& content, const BilateralAffineOptions& options,
         const py::object& threads) {
        return filter(bilateral_affine_filter, stylized, "stylized", content, "content", stylized, options, threads);
      },
      py::arg("stylized"), py::arg("content"), py::arg("options"), py::arg("threads"));
  module.def(
      "fit_local_affine_maps",
      [](const py::object& content, const py::object& result, const LocalAffineMapOptions& options,
         const py::object& threads) {
        const ImageView content_view = image_argument(content, "content");
        const ImageView result_view = image_argument(result, "result");
        const int count = int_argument(threads, "threads");
        Image maps;
        {
          const WithoutGil unlocked;
          maps = fit_local_affine_maps(content_view, result_view, options, count);
        }
        return move_out(std::move(maps), {content_view.height, content_view.width, affine_map_numbers});
      },
      py::arg("content"), py::arg("result"), py::arg("options"), py::arg("threads"),
      "H x W x 12: at each pixel the affine map from the content's colours to the result's.");
  module.def(
      "apply_local_affine_maps",
      [](const py::object& maps, const py::object& content, const py::object& threads) {
        const ImageView map_view = image_argument(maps, "maps");
        const ImageView content_view = image_argument(content, "content");
        const int count = int_argument(threads, "threads");
        Image result;
        {
          const WithoutGil unlocked;
          result = apply_local_affine_maps(map_view, content_view, count);
        }
        return move_out(std::move(result), shape_of(content));
      },
      py::arg("maps"), py::arg("content"), py::arg("threads"), "The maps, enlarged, applied to a content of any size.");
  module.def(
      "restore_detail",
      [](const py::object& content, const py::object& result, const DetailOptions& options, const py::object& threads) {
        const ImageView content_view = image_argument(content, "content");
        const ImageView result_view = image_argument(result, "result");
        const int count = int_argument(threads, "threads");
        Image restored;
        {
          const WithoutGil unlocked;
          restored = copy_of(result_view);
          restore_detail(content_view, restored, options, count);
        }
        return move_out(std::move(restored), shape_of(result));
      },
      py::arg("content"), py::arg("result"), py::arg("options"), py::arg("threads"),
      "The result with most of its luma's detail replaced by the content's.");
}

}  // namespace fastphoto::python
