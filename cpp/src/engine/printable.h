// SPDX-License-Identifier: Apache-2.0
//
// Text of untrusted origin, made fit for a message of one line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace fastphoto {

/// The text with control characters as \xNN. What goes beyond `longest` bytes is cut off and replaced by dots.
std::string printable(std::string_view text, std::size_t longest);

/// A file's name in UTF-8, as far as it is text, with control characters as \xNN.
std::string printable(const std::filesystem::path& path);

}  // namespace fastphoto
