// SPDX-License-Identifier: Apache-2.0
//
// A model's graph with its convolutions in half precision, made of the float32 graph as it is loaded.
//
// Export marks where convolutions begin: every `Cast` whose name starts with compute_cast brings a feature or a weight
// to the type they compute in. In the file that type is float32, and the runtime drops these casts; here their target
// becomes float16. Where convolutions end other casts lead back to float32, so what is not marked (statistics,
// alignment, the photo itself) stays as it was.
#pragma once

#include <string>
#include <string_view>

namespace fastphoto {

/// The model with every marked cast to float32 turned into one to float16; without such casts, the same model.
/// @throws Error(Model) if the bytes are no ONNX model.
std::string in_half_precision(std::string_view model);

}  // namespace fastphoto
