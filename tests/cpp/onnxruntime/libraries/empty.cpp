// SPDX-License-Identifier: Apache-2.0
//
// A shared library without any function of ONNX Runtime's or NVIDIA's.
extern "C" int fastphoto_test_library() { return 1; }
