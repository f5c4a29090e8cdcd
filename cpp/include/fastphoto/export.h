// SPDX-License-Identifier: Apache-2.0
//
// Marks what the shared libraries export; all else in them is hidden. Readable by C as well.
#pragma once

// FASTPHOTO_STATIC says that the libraries are static: they then export nothing from the program that takes them in.
// The CMake targets and the pkg-config files define it.
#if defined(FASTPHOTO_STATIC)
#define FASTPHOTO_EXPORT
#define FASTPHOTO_IMPORT
#elif defined(_WIN32)
#define FASTPHOTO_EXPORT __declspec(dllexport)
#define FASTPHOTO_IMPORT __declspec(dllimport)
#else
#define FASTPHOTO_EXPORT __attribute__((visibility("default")))
#define FASTPHOTO_IMPORT __attribute__((visibility("default")))
#endif

// One mark a library, since the engine's build exports the engine's functions and imports the core's. CMake defines
// fastphoto_..._EXPORTS while it builds that library as a shared one.
#if defined(fastphoto_core_EXPORTS)
#define FASTPHOTO_API FASTPHOTO_EXPORT
#else
#define FASTPHOTO_API FASTPHOTO_IMPORT
#endif

#if defined(fastphoto_engine_EXPORTS)
#define FASTPHOTO_ENGINE_API FASTPHOTO_EXPORT
#else
#define FASTPHOTO_ENGINE_API FASTPHOTO_IMPORT
#endif

#if defined(fastphoto_onnxruntime_EXPORTS)
#define FASTPHOTO_ONNXRUNTIME_API FASTPHOTO_EXPORT
#else
#define FASTPHOTO_ONNXRUNTIME_API FASTPHOTO_IMPORT
#endif

#if defined(fastphoto_c_EXPORTS)
#define FASTPHOTO_C_API FASTPHOTO_EXPORT
#else
#define FASTPHOTO_C_API FASTPHOTO_IMPORT
#endif
