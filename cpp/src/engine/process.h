// SPDX-License-Identifier: Apache-2.0
//
// Notices that an object was inherited by a child of fork(), where a runtime's threads do not exist.
#pragma once

#include <cstdint>
#include <string>

namespace fastphoto {

class OwnProcess {
 public:
  /// @param what  owns this, for the message.
  explicit OwnProcess(std::string what);

  /// Whether this is another process than the one that made this.
  bool inherited() const noexcept;

  /// @throws Error(Device) in another process than the one that made this.
  void require() const;

 private:
  std::string what_;
  std::int64_t number_;
};

}  // namespace fastphoto
