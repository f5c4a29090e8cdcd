// SPDX-License-Identifier: Apache-2.0
//
// The interface of style graph, segments and estimator: names, types and shapes.
#include "engine/graph_tensors.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "fastphoto/error.h"

namespace fastphoto {

namespace {

constexpr std::int64_t any = -1;
const char* const float_type = "tensor(float)";

/// An input or output; an empty type and no shape stand for anything.
struct Expected {
  std::string name;
  std::string type;
  std::vector<std::int64_t> shape;
};

/// What a graph must have.
struct Interface {
  std::string file;
  std::vector<Expected> inputs;
  std::vector<Expected> outputs;
};

Expected photo(const char* name) { return {name, float_type, {1, 3, any, any}}; }
Expected labels(const std::string& name) { return {name, float_type, {any, 1, any, any}}; }
Expected anything(const std::string& name) { return {name, "", {}}; }

void add_statistics(std::vector<Expected>& outputs, Index channels, const std::string& suffix) {
  outputs.push_back({"mean" + suffix, float_type, {any, channels}});
  outputs.push_back({"covariance" + suffix, float_type, {any, channels, channels}});
}

Interface style_interface(const Manifest& manifest) {
  Interface graph{manifest.style.file, {photo("image")}, {}};
  for (const Alignment& alignment : manifest.alignments) {
    graph.inputs.push_back(labels("labels_" + alignment.name));
    add_statistics(graph.outputs, alignment.channels, "_" + alignment.name);
  }
  return graph;
}

Interface segment_interface(const Manifest& manifest, std::size_t index) {
  const Segment& segment = manifest.segments[index];
  Interface graph{segment.file, {}, {}};
  if (index == 0) {
    graph.inputs.push_back(photo("image"));
  } else {
    const Index c = manifest.alignments[index - 1].channels;
    graph.inputs = {{"features", "", {1, c, any, any}},
                    labels("labels"),
                    {"matrix", float_type, {any, c, c}},
                    {"offset", float_type, {any, c}}};
    for (const std::string& name : segment.carry) {
      graph.inputs.push_back(anything(name));
    }
  }
  if (index == manifest.alignments.size()) {
    graph.outputs.push_back(photo("photo"));
    return graph;
  }
  const Index c = manifest.alignments[index].channels;
  graph.inputs.push_back(labels("next_labels"));
  graph.outputs.push_back({"features_out", "", {1, c, any, any}});
  add_statistics(graph.outputs, c, "");
  for (const std::string& name : manifest.segments[index + 1].carry) {
    graph.outputs.push_back(anything(name + "_out"));
  }
  return graph;
}

Interface estimator_interface(const Estimator& estimator) {
  const std::vector<std::int64_t> thumbnail = {1, 3, estimator.side, estimator.side};
  return {estimator.file,
          {{"content", float_type, thumbnail}, {"style", float_type, thumbnail}},
          {{"parameters", float_type, {1, ColourMap::parameter_count(estimator.map, estimator.extents)}}}};
}

/// Names in alphabetical order, for messages.
template <class Items>
std::string list_of(const Items& items) {
  std::vector<std::string> names(items.size());
  std::transform(items.begin(), items.end(), names.begin(), [](const auto& item) { return item.name; });
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::string form(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t extent : shape) {
    text += (text.empty() ? "" : " x ") + (extent < 0 ? "?" : std::to_string(extent));
  }
  return text;
}

/// Whether no extent contradicts: an unknown one stands for any.
bool fits(const std::vector<std::int64_t>& found, const std::vector<std::int64_t>& expected) {
  return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                    [](std::int64_t f, std::int64_t e) { return f < 0 || e < 0 || f == e; });
}

const TensorInfo* find(const std::vector<TensorInfo>& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const TensorInfo& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::Model, message); }

void compare(const std::string& where, const std::vector<Expected>& expected, const std::vector<TensorInfo>& found) {
  std::vector<Expected> missing;
  std::copy_if(expected.begin(), expected.end(), std::back_inserter(missing),
               [&](const Expected& tensor) { return find(found, tensor.name) == nullptr; });
  if (!missing.empty()) {
    refuse(where + "s lack the tensors " + list_of(missing) + "; found " + (found.empty() ? "none" : list_of(found)));
  }
  for (const Expected& tensor : expected) {
    const TensorInfo& node = *find(found, tensor.name);
    if (!tensor.type.empty() && node.type != tensor.type) {
      refuse(where + " '" + tensor.name + "' is a " + node.type + ", expected " + tensor.type);
    }
    if (!tensor.shape.empty() && !fits(node.shape, tensor.shape)) {
      refuse(where + " '" + tensor.name + "' has shape " + form(node.shape) + ", bundle.json says " +
             form(tensor.shape));
    }
  }
}

/// A tensor that is handed on must have one type on both sides.
void compare_neighbours(const std::string& where, const std::string& name, const Graph& before, const Graph& after) {
  const std::string& given = find(before.outputs(), name + "_out")->type;
  const std::string& taken = find(after.inputs(), name)->type;
  if (given != taken) {
    refuse(where + ": input '" + name + "' is a " + taken + ", the segment before gives " + given);
  }
}

}  // namespace

void check_tensors(const Manifest& manifest, const std::vector<std::unique_ptr<Graph>>& graphs) {
  std::vector<Interface> expected = {style_interface(manifest)};
  for (std::size_t i = 0; i < manifest.segments.size(); ++i) {
    expected.push_back(segment_interface(manifest, i));
  }
  if (manifest.estimator) {
    expected.push_back(estimator_interface(*manifest.estimator));
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string where = "model '" + manifest.name + "': " + expected[i].file;
    const Graph& graph = *graphs[i];
    compare(where + ": input", expected[i].inputs, graph.inputs());
    compare(where + ": output", expected[i].outputs, graph.outputs());
    std::vector<TensorInfo> unknown;
    std::copy_if(graph.inputs().begin(), graph.inputs().end(), std::back_inserter(unknown),
                 [&](const TensorInfo& tensor) {
                   return std::none_of(expected[i].inputs.begin(), expected[i].inputs.end(),
                                       [&](const Expected& e) { return e.name == tensor.name; });
                 });
    if (!unknown.empty()) {
      refuse(where + ": inputs " + list_of(unknown) + " are unknown; expected " + list_of(expected[i].inputs));
    }
    if (i >= 2 && i <= manifest.segments.size()) {
      compare_neighbours(where, "features", *graphs[i - 1], graph);
      for (const std::string& name : manifest.segments[i - 1].carry) {
        compare_neighbours(where, name, *graphs[i - 1], graph);
      }
    }
  }
}

}  // namespace fastphoto
