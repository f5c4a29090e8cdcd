// SPDX-License-Identifier: Apache-2.0
//
// Model bundles, read-only, with the names that bundle.json has.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "arrays.h"
#include "bindings.h"
#include "fastphoto/engine/bundle.h"
#include "fastphoto/error.h"
#include "gil.h"

namespace fastphoto::python {

namespace {

/// What bundle.json has as one object, and the manifest as two members.
struct SmoothingSettings {
  double lam;
  double eps;
};

template <class Values, class Convert>
py::tuple tuple_of(const Values& values, Convert convert) {
  py::tuple result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[i] = convert(values[i]);
  }
  return result;
}

/// The elements of a vector that `owner` has; they keep it alive.
template <class Values>
py::tuple borrowed(const Values& values, const py::object& owner) {
  return tuple_of(
      values, [&](const auto& value) { return py::cast(value, py::return_value_policy::reference_internal, owner); });
}

py::tuple texts(const std::vector<std::string>& values) {
  return tuple_of(values, [](const std::string& value) { return py::str(value); });
}

py::tuple files_of(const Manifest& manifest, const py::object& owner) {
  py::list files;
  files.append(py::cast(manifest.style, py::return_value_policy::reference_internal, owner));
  for (const Segment& segment : manifest.segments) {
    files.append(py::cast(segment, py::return_value_policy::reference_internal, owner));
  }
  if (manifest.estimator) {
    files.append(py::cast(*manifest.estimator, py::return_value_policy::reference_internal, owner));
  }
  return {files};
}

/// Bytes of the ONNX files; those that are missing count as none.
std::uintmax_t size_of(const Bundle& bundle) {
  const Manifest& manifest = bundle.manifest();
  std::vector<const ModelFile*> entries = {&manifest.style};
  for (const Segment& segment : manifest.segments) {
    entries.push_back(&segment);
  }
  if (manifest.estimator) {
    entries.push_back(&*manifest.estimator);
  }
  std::uintmax_t size = 0;
  for (const ModelFile* entry : entries) {
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(bundle.folder() / entry->file, error);
    size += error ? 0 : bytes;
  }
  return size;
}

// --- As it stands in bundle.json, with the defaults written out
// ----------------------------------------------------------

/// The fields of an options struct.
template <class Options>
py::dict fields_of(const Options& options) {
  const py::object object = py::cast(options);
  py::dict fields;
  for (const py::handle name : py::type::of(object).attr("_fields")) {
    fields[name] = object.attr(name);
  }
  return fields;
}

py::dict file_fields(const ModelFile& file) {
  py::dict fields;
  fields["file"] = file.file;
  fields["sha256"] = file.sha256;
  return fields;
}

py::dict alignment_fields(const Alignment& alignment, int format) {
  py::dict fields;
  fields["name"] = alignment.name;
  fields["channels"] = alignment.channels;
  fields["stride"] = alignment.stride;
  fields["method"] = method_name(alignment.method);
  fields["content_ridge"] = alignment.content_ridge;
  fields["style_ridge"] = alignment.style_ridge;
  fields["relative_ridge"] = alignment.relative_ridge;
  if (alignment.method == AlignmentMethod::KnotheRosenblatt || alignment.max_gain) {
    fields["max_gain"] = alignment.max_gain;
  }
  if (alignment.method == AlignmentMethod::KnotheRosenblatt && format > 1) {
    fields["least_shift"] = alignment.least_shift;
  }
  fields["strength"] = alignment.strength;
  return fields;
}

py::dict provenance_fields(const Provenance& provenance) {
  py::dict fields;
  fields["recipe"] = provenance.recipe;
  fields["training_photos"] = provenance.training_photos;
  fields["teacher"] = provenance.teacher;
  fields["method"] = provenance.method;
  return fields;
}

py::dict memory_fields(const MemoryNeeds& memory) {
  py::dict fields;
  fields["fixed_bytes"] = memory.fixed_bytes;
  fields["bytes_per_working_pixel"] = memory.bytes_per_working_pixel;
  return fields;
}

py::dict manifest_fields(const Manifest& manifest) {
  py::dict fields;
  fields["format"] = manifest.format;
  fields["name"] = manifest.name;
  fields["version"] = manifest.version;
  fields["description"] = manifest.description;
  fields["licence"] = manifest.licence;
  fields["provenance"] = provenance_fields(manifest.provenance);
  fields["size_multiple"] = manifest.size_multiple;
  fields["working_side"] = manifest.working_side;
  if (manifest.margin > 0) {
    fields["margin"] = manifest.margin;
  }
  fields["smoothing"] = py::dict(py::arg("lam") = manifest.smoothing_lam, py::arg("eps") = manifest.smoothing_eps);
  if (manifest.format > 1) {
    fields["gamut"] = fields_of(manifest.gamut);
    fields["detail"] = fields_of(manifest.detail);
    fields["labels"] = fields_of(manifest.labels);
    fields["memory"] = memory_fields(manifest.memory);
  }
  fields["style"] = file_fields(manifest.style);
  py::list alignments;
  for (const Alignment& alignment : manifest.alignments) {
    alignments.append(alignment_fields(alignment, manifest.format));
  }
  fields["alignments"] = alignments;
  py::list segments;
  for (const Segment& segment : manifest.segments) {
    py::dict entry = file_fields(segment);
    entry["carry"] = py::list(texts(segment.carry));
    segments.append(entry);
  }
  fields["segments"] = segments;
  if (manifest.estimator) {
    py::dict estimator = file_fields(*manifest.estimator);
    estimator["side"] = manifest.estimator->side;
    estimator["map"] = map_name(manifest.estimator->map);
    estimator["extents"] = manifest.estimator->extents;
    estimator["least_fit"] = manifest.estimator->least_fit;
    fields["estimator"] = estimator;
  }
  return fields;
}

// --- Classes
// -----------------------------------------------------------------------------------------------------------

AlignmentMethod method_argument(const std::string& name) {
  std::string known;
  for (const AlignmentMethod method : {AlignmentMethod::MongeKantorovich, AlignmentMethod::WhiteningColouring,
                                       AlignmentMethod::KnotheRosenblatt, AlignmentMethod::Learned}) {
    if (name == method_name(method)) {
      return method;
    }
    known += (known.empty() ? "" : ", ") + std::string(method_name(method));
  }
  throw Error(ErrorKind::InvalidArgument, "method must be one of " + known + ", got '" + name + "'");
}

void bind_files(const py::module_& module) {
  py::class_<ModelFile>(module, "ModelFile", "One ONNX file and the SHA-256 that it must have.")
      .def_readonly("file", &ModelFile::file)
      .def_readonly("sha256", &ModelFile::sha256);
  py::class_<Segment, ModelFile>(module, "Segment",
                                 "One graph of the chain; `carry` names the tensors that it takes from the one before.")
      .def_property_readonly("carry", [](const Segment& self) { return texts(self.carry); });
  py::class_<Estimator, ModelFile>(module, "Estimator", "A graph that returns the parameters of a map of colours.")
      .def_readonly("side", &Estimator::side)
      .def_property_readonly("map", [](const Estimator& self) { return map_name(self.map); })
      .def_property_readonly(
          "extents",
          [](const Estimator& self) { return tuple_of(self.extents, [](Index extent) { return py::int_(extent); }); })
      .def_readonly("least_fit", &Estimator::least_fit);
}

void bind_alignment(const py::module_& module) {
  const Alignment defaults;
  py::class_<Alignment>(module, "Alignment", "How the features between two segments get the style's statistics.")
      .def(py::init([](std::string name, Index channels, Index stride, const std::string& method, double content_ridge,
                       double style_ridge, double relative_ridge, std::optional<double> max_gain, double least_shift,
                       double strength) {
             Alignment alignment;
             alignment.name = std::move(name);
             alignment.channels = channels;
             alignment.stride = stride;
             alignment.method = method_argument(method);
             alignment.content_ridge = content_ridge;
             alignment.style_ridge = style_ridge;
             alignment.relative_ridge = relative_ridge;
             alignment.max_gain = max_gain;
             alignment.least_shift = least_shift;
             alignment.strength = strength;
             return alignment;
           }),
           py::arg("name"), py::arg("channels"), py::arg("stride"), py::arg("method"),
           py::arg("content_ridge") = defaults.content_ridge, py::arg("style_ridge") = defaults.style_ridge,
           py::arg("relative_ridge") = defaults.relative_ridge, py::arg("max_gain") = defaults.max_gain,
           py::arg("least_shift") = defaults.least_shift, py::arg("strength") = defaults.strength)
      .def_readonly("name", &Alignment::name)
      .def_readonly("channels", &Alignment::channels)
      .def_readonly("stride", &Alignment::stride)
      .def_property_readonly("method", [](const Alignment& self) { return method_name(self.method); })
      .def_readonly("content_ridge", &Alignment::content_ridge)
      .def_readonly("style_ridge", &Alignment::style_ridge)
      .def_readonly("relative_ridge", &Alignment::relative_ridge)
      .def_readonly("max_gain", &Alignment::max_gain)
      .def_readonly("least_shift", &Alignment::least_shift)
      .def_readonly("strength", &Alignment::strength)
      .def(
          "to_dict", [](const Alignment& self) { return alignment_fields(self, Manifest().format); },
          "Its object in a bundle.json of the newest format, with the defaults written out.");
}

void bind_manifest(const py::module_& module) {
  py::class_<Provenance>(module, "Provenance", "Where the weights come from.")
      .def_readonly("recipe", &Provenance::recipe)
      .def_readonly("training_photos", &Provenance::training_photos)
      .def_readonly("teacher", &Provenance::teacher)
      .def_readonly("method", &Provenance::method)
      .def("to_dict", &provenance_fields, "Its object in bundle.json.");
  py::class_<SmoothingSettings>(module, "SmoothingSettings",
                                "The closed-form smoothing that suits a model: lam and eps of closed_form_smooth.")
      .def_readonly("lam", &SmoothingSettings::lam)
      .def_readonly("eps", &SmoothingSettings::eps);
  py::class_<MemoryNeeds>(module, "MemoryNeeds", "What a model's network needs in memory; the defaults suit any model.")
      .def(py::init<>())
      .def_readonly("fixed_bytes", &MemoryNeeds::fixed_bytes)
      .def_readonly("bytes_per_working_pixel", &MemoryNeeds::bytes_per_working_pixel)
      .def("to_dict", &memory_fields, "Its object in bundle.json.");
  py::class_<Manifest>(module, "Manifest", "The contents of bundle.json.")
      .def_static("parse", &Bundle::parse, py::arg("json"), py::arg("where"),
                  "Reads and checks the text of a bundle.json; `where` is its name, for messages.")
      .def_readonly("format", &Manifest::format)
      .def_readonly("name", &Manifest::name)
      .def_readonly("version", &Manifest::version)
      .def_readonly("description", &Manifest::description)
      .def_readonly("licence", &Manifest::licence)
      .def_readonly("provenance", &Manifest::provenance)
      .def_readonly("size_multiple", &Manifest::size_multiple)
      .def_readonly("working_side", &Manifest::working_side)
      .def_readonly("margin", &Manifest::margin)
      .def_property_readonly(
          "smoothing", [](const Manifest& self) { return SmoothingSettings{self.smoothing_lam, self.smoothing_eps}; })
      .def_property_readonly("gamut", [](const Manifest& self) { return self.gamut; })
      .def_property_readonly("detail", [](const Manifest& self) { return self.detail; })
      .def_property_readonly("labels", [](const Manifest& self) { return self.labels; })
      .def_readonly("memory", &Manifest::memory)
      .def_readonly("style", &Manifest::style)
      .def_property_readonly(
          "alignments", [](const py::object& self) { return borrowed(self.cast<const Manifest&>().alignments, self); })
      .def_property_readonly(
          "segments", [](const py::object& self) { return borrowed(self.cast<const Manifest&>().segments, self); })
      .def_property_readonly("estimator",
                             [](const py::object& self) -> py::object {
                               const auto& estimator = self.cast<const Manifest&>().estimator;
                               if (!estimator) {
                                 return py::none();
                               }
                               return py::cast(*estimator, py::return_value_policy::reference_internal, self);
                             })
      .def("to_dict", &manifest_fields, "bundle.json as its format has it, with the defaults written out.");
}

}  // namespace

void bind_bundle(const py::module_& module) {
  bind_files(module);
  bind_alignment(module);
  bind_manifest(module);
  py::class_<Bundle>(module, "Bundle", "A model on disk.")
      .def_static(
          "open",
          [](const std::filesystem::path& folder) {
            const WithoutGil unlocked;
            return Bundle::open(folder);
          },
          py::arg("folder"), "Reads and checks the bundle.json of a folder.")
      .def_property_readonly("folder", &Bundle::folder)
      .def_property_readonly("manifest", &Bundle::manifest, py::return_value_policy::reference_internal)
      .def_property_readonly("name", [](const Bundle& self) { return self.manifest().name; })
      .def_property_readonly(
          "entries", [](const py::object& self) { return files_of(self.cast<const Bundle&>().manifest(), self); },
          "The style graph, the segments in the order of the chain, and the estimator if there is one.")
      .def_property_readonly("size", &size_of, "Bytes of the ONNX files; those that are missing count as none.")
      .def_property_readonly(
          "fingerprint", &Bundle::fingerprint,
          "Identifies the graph that looks are made by: looks travel only between models that share it.")
      .def(
          "read",
          [](const Bundle& self, const ModelFile& entry) {
            std::string content;
            {
              const WithoutGil unlocked;
              content = self.read(entry);
            }
            return py::bytes(content);
          },
          py::arg("entry"), "The bytes of one ONNX file, checked against its hash.");
}

}  // namespace fastphoto::python
