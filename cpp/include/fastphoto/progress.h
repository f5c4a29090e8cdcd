// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace fastphoto {

/// Called on the thread that made the call, with the name of the step at work and the share of the work done (0 .. 1,
/// never falling). It is called when a step begins and again and again while it lasts. False cancels: the call then
/// throws Error(Cancelled). What it throws itself comes out of the call. May be empty.
using Progress = std::function<bool(const char* step, double share)>;

}  // namespace fastphoto
