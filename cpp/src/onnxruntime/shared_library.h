// SPDX-License-Identifier: Apache-2.0
//
// The system's loader of shared libraries: dlopen and its relatives, or Windows' own.
#pragma once

#include <filesystem>
#include <string>

namespace fastphoto {

/// Loads a library for the rest of the process, by its path or by a name that the system's loader looks up.
/// @param why  the loader's reason, if the result is null; may be null.
void* load_library(const std::filesystem::path& file, std::string* why = nullptr);

/// The library of that name if the process has loaded it already, else null.
void* loaded_library(const std::string& name);

/// The address of a function that the library exports, or null.
void* library_function(void* library, const char* name);

/// The file of the library that holds that address; empty if the system does not say.
std::filesystem::path library_file(const void* address);

}  // namespace fastphoto
