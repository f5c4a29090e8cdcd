// SPDX-License-Identifier: Apache-2.0
//
// Any bytes are a look that can be written again, or one error of one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fastphoto/engine/look.h"
#include "fastphoto/error.h"

namespace {

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

void read(std::string_view bytes) {
  fastphoto::Look look;
  try {
    look = fastphoto::Look::from_bytes(bytes, "a.look");
  } catch (const fastphoto::Error& error) {
    require(error.kind() == fastphoto::ErrorKind::File);
    require(std::string_view(error.what()).find_first_of("\n\x1b") == std::string_view::npos);
    return;
  }
  // What was accepted is written without an error, and the same is read again.
  const std::string written = look.to_bytes();
  require(fastphoto::Look::from_bytes(written, "b.look").to_bytes() == written);
}

/// The bytes with a length of the header that reaches to the last brace. Few mutations hit that by chance.
std::string with_fitting_length(std::string bytes) {
  const std::size_t brace = bytes.rfind('}');
  if (brace == std::string::npos || brace < 8) {
    return bytes;
  }
  std::uint64_t length = brace - 7;
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(length & 255U);
    length >>= 8U;
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  read(with_fitting_length(std::string(bytes)));
  return 0;
}
