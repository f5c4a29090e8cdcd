// SPDX-License-Identifier: Apache-2.0
//
// Reads and writes whole files by way of the C library, which can say why it failed.
#include "engine/whole_file.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <random>
#include <system_error>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace fastphoto {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(int code) { throw FileFailure(std::generic_category().message(code)); }

struct Close {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

/// @param mode  of fopen; "x" makes it fail where the file is there already.
File open(const fs::path& path, const char* mode) {
#ifdef _WIN32
  File file(_wfopen(path.c_str(), fs::path(mode).c_str()));
#else
  File file(std::fopen(path.c_str(), mode));
#endif
  if (!file) {
    fail(errno);
  }
  return file;
}

/// Waits until the bytes are on the disk: a rename must not become lasting before them.
bool synchronize(std::FILE* file) {
#ifdef _WIN32
  return _commit(_fileno(file)) == 0;
#else
  return fsync(fileno(file)) == 0;
#endif
}

void write_new(const fs::path& path, std::string_view bytes) {
  File file = open(path, "wbx");
  if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() || std::fflush(file.get()) != 0 ||
      !synchronize(file.get())) {
    fail(errno);
  }
  if (std::fclose(file.release()) != 0) {
    fail(errno);
  }
}

/// Where a link leads to, whether or not a file is there.
fs::path real_target(fs::path path) {
  constexpr int most_links = 40;  // as many as Linux follows
  std::error_code error;
  for (int i = 0; i < most_links && fs::is_symlink(path, error); ++i) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) {
      fail(error.value());
    }
    path = path.parent_path() / target;  // an absolute target replaces the folder
  }
  return path;
}

fs::path temporary_name() {
  constexpr const char* digits = "0123456789abcdef";
  std::random_device random;
  std::string name = ".fastphoto-";
  for (int i = 0; i < 16; ++i) {
    name += digits[random() % 16U];
  }
  return name + ".tmp";
}

}  // namespace

std::string read_whole_file(const fs::path& path, std::uintmax_t largest) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    fail(error ? error.value() : ENOENT);
  }
  if (fs::is_directory(status)) {
    fail(EISDIR);
  }
  if (!fs::is_regular_file(status)) {
    throw FileFailure("Not a regular file");
  }
  const File file = open(path, "rb");
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) {
    fail(error.value());
  }
  if (size > largest) {
    throw FileFailure("It has " + std::to_string(size) + " bytes, expected at most " + std::to_string(largest));
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  const std::size_t read = std::fread(bytes.data(), 1, bytes.size(), file.get());
  if (std::ferror(file.get()) != 0) {
    fail(errno);
  }
  bytes.resize(read);
  return bytes;
}

void write_whole_file(const fs::path& path, std::string_view bytes) {
  const fs::path target = real_target(path);
  const fs::path temporary = target.parent_path() / temporary_name();
  std::error_code error;
  try {
    write_new(temporary, bytes);
    fs::rename(temporary, target, error);
    if (error) {
      fail(error.value());
    }
  } catch (...) {
    fs::remove(temporary, error);
    throw;
  }
}

}  // namespace fastphoto
