// SPDX-License-Identifier: Apache-2.0
//
// The tensors that each graph of a bundle must have, worked out from bundle.json, and the check that it has them.
#pragma once

#include <memory>
#include <vector>

#include "fastphoto/engine/bundle.h"
#include "fastphoto/engine/runtime.h"

namespace fastphoto {

/// Compares the graphs (the style graph first, then the segments, then the estimator if there is one) with what
/// bundle.json promises. docs/bundle.md has the same in words.
/// @throws Error(Model): a tensor is missing, has another type or shape, or is one that nothing would provide.
void check_tensors(const Manifest& manifest, const std::vector<std::unique_ptr<Graph>>& graphs);

}  // namespace fastphoto
