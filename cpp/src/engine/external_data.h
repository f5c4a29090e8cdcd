// SPDX-License-Identifier: Apache-2.0
//
// Whether an ONNX file keeps numbers in other files, which no hash covers.
#pragma once

#include <string_view>

namespace fastphoto {

/// Whether a tensor of the model says that its data lie elsewhere. False for bytes that are no ONNX model: the runtime
/// says what is wrong with those.
bool has_external_data(std::string_view model);

}  // namespace fastphoto
