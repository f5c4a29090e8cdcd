// SPDX-License-Identifier: Apache-2.0
//
// A folder for the files of one test, and photos to put there.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "ppm.h"

/// An empty folder; goes with what is in it.
class Folder {
 public:
  Folder() {
    static std::atomic<int> made = 0;
    const std::filesystem::path place = std::filesystem::temp_directory_path();
    do {
      path_ = place / ("fastphoto_examples_" + std::to_string(made++));
    } while (!std::filesystem::create_directory(path_));
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Two areas with a gradient and some noise.
inline void write_photo(const std::string& path, std::size_t width, std::size_t height, unsigned seed) {
  ppm::Photo photo(width, height, 8);
  auto* sample = static_cast<std::uint8_t*>(photo.samples());
  for (std::size_t i = 0; i < width * height * 3; ++i) {
    const std::size_t x = i / 3 % width;
    seed = seed * 1664525U + 1013904223U;
    sample[i] = static_cast<std::uint8_t>((x > width / 2 ? 120 : 30) + 60 * i / (width * height * 3) + (seed >> 27) +
                                          20 * (i % 3));
  }
  photo.write(path);
}
