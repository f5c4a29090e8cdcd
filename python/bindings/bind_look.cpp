// SPDX-License-Identifier: Apache-2.0
//
// Looks, read-only.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl/filesystem.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/engine/look.h"
#include "fastphoto/error.h"
#include "gil.h"

namespace fastphoto::python {

namespace {

/// Whether the file is a zip archive, as looks of format 1 are.
bool is_archive(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return false;  // to look into a pipe would take its bytes
  }
  std::array<char, 4> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  return std::string_view(head.data(), head.size()) == "PK\x03\x04";
}

py::object load(const std::filesystem::path& path) {
  if (is_archive(path)) {
    return py::module_::import("fastphoto_native.looks.npz_look").attr("load_npz_look")(path);
  }
  Look look;
  {
    const WithoutGil unlocked;
    look = Look::load(path);
  }
  return py::cast(std::move(look));
}

std::vector<float> thumbnail_argument(const py::object& object) {
  std::vector<float> samples;
  if (object.is_none()) {
    return samples;
  }
  const FeatureView view = features_argument(object, "thumbnail");
  if (view.channels != 3 || view.height != view.width || view.height < 1) {
    throw Error(ErrorKind::InvalidArgument, "thumbnail must have the shape 3 x side x side, got " +
                                                std::to_string(view.channels) + " x " + std::to_string(view.height) +
                                                " x " + std::to_string(view.width));
  }
  for (Index c = 0; c < view.channels; ++c) {
    for (Index y = 0; y < view.height; ++y) {
      for (Index x = 0; x < view.width; ++x) {
        samples.push_back(view.at(y, x, c));
      }
    }
  }
  return samples;
}

py::object thumbnail_array(const py::object& self) {
  const auto& look = self.cast<const Look&>();
  if (look.thumbnail.empty()) {
    return py::none();
  }
  const std::size_t pixels = look.thumbnail.size() / 3;
  const auto side = static_cast<py::ssize_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
  py::array_t<float> array({py::ssize_t{3}, side, side}, look.thumbnail.data(), self);
  array.attr("setflags")(py::arg("write") = false);
  return std::move(array);
}

}  // namespace

void bind_look(const py::module_& module) {
  py::class_<LabelLook>(module, "LabelLook",
                        "The statistics of one label of the style photo, in the order of the model's alignments.\n\n"
                        "`area`: pixels of the label at working size.")
      .def(py::init([](const py::object& area, const py::iterable& statistics) {
             LabelLook label;
             label.area = float_argument(area, "area");
             for (const py::handle s : statistics) {
               label.statistics.push_back(s.cast<const Statistics&>());
             }
             return label;
           }),
           py::arg("area"), py::arg("statistics"))
      .def_readonly("area", &LabelLook::area)
      .def_property_readonly("statistics", [](const py::object& self) {
        const auto& statistics = self.cast<const LabelLook&>().statistics;
        py::tuple result(statistics.size());
        for (std::size_t i = 0; i < statistics.size(); ++i) {
          result[i] = py::cast(statistics[i], py::return_value_policy::reference_internal, self);
        }
        return result;
      });

  py::class_<Look>(module, "Look",
                   "A style photo's statistics: all that is needed to give other photos its look.\n\n"
                   "Made by Stylizer.analyze. Fits the models that share its fingerprint.")
      .def(py::init([](std::string model, std::string fingerprint, bool masked, const py::dict& labels,
                       const py::object& thumbnail) {
             Look look;
             look.model = std::move(model);
             look.fingerprint = std::move(fingerprint);
             look.masked = masked;
             for (const auto& [label, style] : labels) {
               look.labels.emplace(label.cast<std::int64_t>(), style.cast<const LabelLook&>());
             }
             look.thumbnail = thumbnail_argument(thumbnail);
             look.check();
             return look;
           }),
           py::arg("model"), py::arg("fingerprint"), py::arg("masked"), py::arg("labels"),
           py::arg("thumbnail") = py::none())
      .def_readonly("model", &Look::model)
      .def_readonly("fingerprint", &Look::fingerprint)
      .def_readonly("masked", &Look::masked)
      .def_property_readonly("labels",
                             [](const py::object& self) {
                               py::dict result;
                               for (const auto& [label, style] : self.cast<const Look&>().labels) {
                                 result[py::int_(label)] =
                                     py::cast(style, py::return_value_policy::reference_internal, self);
                               }
                               return result;
                             })
      .def_property_readonly("thumbnail", &thumbnail_array)
      .def(
          "to_bytes", [](const Look& self) { return py::bytes(self.to_bytes()); },
          "The look as a file's bytes (format 2, the layout of safetensors).")
      .def_static(
          "from_bytes", [](const py::bytes& data) { return Look::from_bytes(std::string_view(data), "the data"); },
          py::arg("data"), "Reads what to_bytes() returned.")
      .def(
          "save",
          [](const Look& self, const std::filesystem::path& path) {
            const WithoutGil unlocked;
            self.save(path);
          },
          py::arg("path"), "Writes the look to a file, by way of a temporary name.")
      .def_static("load", &load, py::arg("path"), "Reads a look that save() wrote, also in an earlier version.");
}

}  // namespace fastphoto::python
