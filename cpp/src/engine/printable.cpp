// SPDX-License-Identifier: Apache-2.0
//
// Escapes control characters and shortens text for messages.
#include "engine/printable.h"

namespace fastphoto {

std::string printable(std::string_view text, std::size_t longest) {
  constexpr const char* digits = "0123456789abcdef";
  std::size_t end = text.size();
  if (end > longest) {
    end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      --end;  // not within a character of UTF-8
    }
  }
  std::string result;
  for (const char c : text.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20U || byte == 0x7FU) {
      result += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
    } else {
      result += c;
    }
  }
  return end < text.size() ? result + "..." : result;
}

std::string printable(const std::filesystem::path& path) {
  const auto text = path.u8string();  // std::u8string from C++20 on
  const std::string bytes(text.begin(), text.end());
  return printable(bytes, bytes.size());
}

}  // namespace fastphoto
