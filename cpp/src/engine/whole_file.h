// SPDX-License-Identifier: Apache-2.0
//
// Files as a whole: read into memory, or written all or nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fastphoto {

/// Why a file cannot be read or written, such as "No such file or directory"; the caller says which one it is.
class FileFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The bytes of a regular file. Others are refused, since a pipe may never end.
/// @throws FileFailure, also for a file of more than `largest` bytes.
std::string read_whole_file(const std::filesystem::path& path, std::uintmax_t largest);

/// Writes to a temporary name in the same folder, then renames: whatever fails, an existing file stays as it was. Of a
/// link, the file it leads to is replaced.
/// @throws FileFailure
void write_whole_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace fastphoto
