// SPDX-License-Identifier: Apache-2.0
//
// Loads shared libraries at run time.
#include "onnxruntime/shared_library.h"

#ifdef _WIN32
#define NOMINMAX
#include <windows.h>

#include <system_error>
#else
#include <dlfcn.h>
#endif

namespace fastphoto {

#ifdef _WIN32

void* load_library(const std::filesystem::path& file, std::string* why) {
  // What a library given by its path needs lies beside it.
  const DWORD flags = file.is_absolute() ? LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS : 0;
  HMODULE library = LoadLibraryExW(file.c_str(), nullptr, flags);
  if (library == nullptr && why != nullptr) {
    *why = std::system_category().message(static_cast<int>(GetLastError()));
  }
  return library;
}

void* loaded_library(const std::string& name) { return GetModuleHandleA(name.c_str()); }

void* library_function(void* library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}

std::filesystem::path library_file(const void* address) {
  HMODULE library = nullptr;
  wchar_t file[32768];
  if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                         static_cast<const wchar_t*>(address), &library) == 0 ||
      GetModuleFileNameW(library, file, 32768) == 0) {
    return {};
  }
  return file;
}

#else

void* load_library(const std::filesystem::path& file, std::string* why) {
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr && why != nullptr) {
    const char* reason = dlerror();  // NOLINT(concurrency-mt-unsafe): each thread has its own
    *why = reason != nullptr ? reason : "the loader gives no reason";
  }
  return library;
}

void* loaded_library(const std::string& name) { return dlopen(name.c_str(), RTLD_NOW | RTLD_NOLOAD); }

void* library_function(void* library, const char* name) { return dlsym(library, name); }

std::filesystem::path library_file(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

#endif

}  // namespace fastphoto
