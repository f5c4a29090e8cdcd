// SPDX-License-Identifier: Apache-2.0
//
// Finds ONNX Runtime's shared library: given, loaded already, named in the environment, or installed.
#include "onnxruntime/library_search.h"

#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "fastphoto/error.h"
#include "onnxruntime/shared_library.h"

namespace fastphoto {
namespace {

namespace fs = std::filesystem;

constexpr const char* environment_variable = "FASTPHOTO_ONNXRUNTIME";

// Names of the library: `plain` as links and Windows have it; versions stand between the other two.
#if defined(_WIN32)
constexpr const char* plain = "onnxruntime.dll";
constexpr const char* before_version = "onnxruntime.";
constexpr const char* after_version = ".dll";
#elif defined(__APPLE__)
constexpr const char* plain = "libonnxruntime.dylib";
constexpr const char* before_version = "libonnxruntime.";
constexpr const char* after_version = ".dylib";
#else
constexpr const char* plain = "libonnxruntime.so";
constexpr const char* before_version = "libonnxruntime.so.";
constexpr const char* after_version = "";
#endif

// The names under which systems install it. Upstream's is that of major version 1, Debian's has the minor version too;
// the newest comes first.
std::vector<std::string> installed_names() {
  constexpr int newest_minor = 60;
  constexpr int oldest_minor = 20;
  std::vector<std::string> names{std::string(before_version) + "1" + after_version, plain};
  for (int minor = newest_minor; minor >= oldest_minor; --minor) {
    names.push_back(before_version + ("1." + std::to_string(minor)) + after_version);
  }
  return names;
}

bool is_library_name(const std::string& name) {
  const std::string before = before_version;
  const std::string after = after_version;
  return name.size() > before.size() + after.size() && name.compare(0, before.size(), before) == 0 &&
         name.compare(name.size() - after.size(), after.size(), after) == 0;
}

// The library in a folder: that with the plain name, else the newest.
fs::path in_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / plain, error)) {
    return folder / plain;
  }
  std::string newest;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    // 1.31.1 is longer than 1.9.0.
    if (is_library_name(name) && std::pair(name.size(), name) > std::pair(newest.size(), newest)) {
      newest = name;
    }
  }
  return newest.empty() ? fs::path() : folder / newest;
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::Device, message); }

OnnxRuntimeLibrary checked(void* library, const std::string& name) {
  void* entry = library_function(library, "OrtGetApiBase");
  if (entry == nullptr) {
    refuse("found " + name + ", which has no function OrtGetApiBase; expected ONNX Runtime's shared library");
  }
  fs::path file = library_file(entry);
  return {entry, file.empty() ? fs::path(name) : std::move(file)};
}

OnnxRuntimeLibrary load_at(const fs::path& place, const std::string& source) {
  std::error_code error;
  const fs::path path = fs::absolute(place, error);  // without a slash the loader would search for it
  fs::path file = path;
  if (fs::is_directory(path, error)) {
    file = in_folder(path);
    if (file.empty()) {
      refuse("found no " + std::string(plain) + " in " + path.string() + source +
             "; expected a folder that holds ONNX Runtime's shared library");
    }
  } else if (!fs::exists(path, error)) {
    refuse("found no " + path.string() + source + "; expected ONNX Runtime's shared library or a folder that holds it");
  }
  std::string why;
  void* library = load_library(file, &why);
  if (library == nullptr) {
    refuse("ONNX Runtime's library " + file.string() + source + " cannot be loaded: " + why);
  }
  return checked(library, file.string());
}

}  // namespace

OnnxRuntimeLibrary load_onnxruntime(const fs::path& asked) {
  if (!asked.empty()) {
    return load_at(asked, "");
  }
  const std::vector<std::string> names = installed_names();
  for (const std::string& name : names) {
    if (void* library = loaded_library(name)) {
      return checked(library, name);
    }
  }
  const char* named = std::getenv(environment_variable);  // NOLINT(concurrency-mt-unsafe): only read
  if (named != nullptr && *named != '\0') {
    return load_at(named, std::string(" (from $") + environment_variable + ")");
  }
  for (const std::string& name : names) {
    if (void* library = load_library(name)) {
      return checked(library, name);
    }
  }
  refuse(
      "found no ONNX Runtime; expected its library's path, or that path in $FASTPHOTO_ONNXRUNTIME, or an installed "
      "library (pip install onnxruntime brings one, in onnxruntime/capi)");
}

}  // namespace fastphoto
