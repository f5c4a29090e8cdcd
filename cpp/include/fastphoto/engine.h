// SPDX-License-Identifier: Apache-2.0
//
// The engine: the whole pipeline, from two photos to a third one.
//
//     #include <fastphoto/engine.h>
//     #include <fastphoto/onnxruntime.h>
//
// Link with the CMake targets fastphoto::engine and fastphoto::onnxruntime, or hand the Stylizer a Runtime of your own.
#pragma once

#include "fastphoto/engine/bundle.h"
#include "fastphoto/engine/look.h"
#include "fastphoto/engine/report.h"
#include "fastphoto/engine/runtime.h"
#include "fastphoto/engine/stylizer.h"
#include "fastphoto/error.h"
