// SPDX-License-Identifier: Apache-2.0
//
// Opens model bundles and reads their ONNX files, checked against the hashes.
#include "fastphoto/engine/bundle.h"

#include "engine/external_data.h"
#include "engine/printable.h"
#include "engine/whole_file.h"
#include "fastphoto/error.h"

namespace fastphoto {

namespace {

constexpr std::uintmax_t largest_manifest = std::uintmax_t{1} << 20;
constexpr std::uintmax_t largest_graph = std::uintmax_t{1} << 31;  // protobuf, of which ONNX is made, ends there

}  // namespace

Bundle Bundle::open(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "bundle.json";
  std::string text;
  try {
    text = read_whole_file(path, largest_manifest);
  } catch (const FileFailure& failure) {
    throw Error(ErrorKind::Model, "cannot read " + printable(path) + ": " + failure.what());
  }
  Bundle bundle;
  bundle.folder_ = folder;
  bundle.manifest_ = parse(text, printable(path));
  return bundle;
}

std::string Bundle::read(const ModelFile& entry) const {
  const std::filesystem::path path = folder_ / entry.file;
  const std::string model = "model '" + manifest_.name + "': ";
  std::string content;
  try {
    content = read_whole_file(path, largest_graph);
  } catch (const FileFailure& failure) {
    throw Error(ErrorKind::Model, model + "cannot read " + printable(path) + ": " + failure.what());
  }
  if (content.rfind("version https://git-lfs", 0) == 0) {
    throw Error(ErrorKind::Model, model + printable(path) + " is a Git-LFS pointer, not the model; run 'git lfs pull'");
  }
  const std::string found = sha256(content);
  if (found != entry.sha256) {
    throw Error(ErrorKind::Model, model + printable(path) + " has SHA-256 " + found.substr(0, 12) + "..., expected " +
                                      entry.sha256.substr(0, 12) +
                                      "...: the file is damaged or from another version; install the model again");
  }
  if (has_external_data(content)) {
    throw Error(ErrorKind::Model,
                model + printable(path) +
                    " keeps weights in another file, which no hash covers; expected a file that holds "
                    "all of its weights");
  }
  return content;
}

}  // namespace fastphoto
