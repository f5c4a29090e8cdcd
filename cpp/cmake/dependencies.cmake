# What the build needs from outside: the system's own copy first, one clear line when it is missing.

# A project that takes this one in with add_subdirectory() must see these targets as well.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)

find_package(Threads REQUIRED)

# Eigen may also come from PyPI (cmeel-eigen), in the interpreter's site-packages or in the isolated build's.
set(eigen_hints ${CMAKE_PREFIX_PATH})
if(FASTPHOTO_PYTHON)
  list(APPEND eigen_hints ${Python_SITEARCH} ${Python_SITELIB})
endif()
list(TRANSFORM eigen_hints APPEND /cmeel.prefix)
find_package(Eigen3 CONFIG QUIET HINTS ${eigen_hints})
if(NOT Eigen3_FOUND OR Eigen3_VERSION VERSION_LESS 3.4)
  message(FATAL_ERROR "fastphoto needs Eigen 3.4 or newer (headers only): run `apt-get install libeigen3-dev` or `pip install cmeel-eigen`, or pass -DEigen3_DIR=<folder of Eigen3Config.cmake>.")
endif()

# JSON for bundle.json and the headers of looks, headers only. It may also come from PyPI (nlohmann-json).
find_package(nlohmann_json 3.10 CONFIG QUIET)
if(NOT nlohmann_json_FOUND)
  set(json_hints ${CMAKE_PREFIX_PATH} ${Python_SITEARCH} ${Python_SITELIB})
  list(TRANSFORM json_hints APPEND /nlohmann_json)
  find_path(FASTPHOTO_JSON_INCLUDE nlohmann/json.hpp HINTS ${json_hints} PATH_SUFFIXES include)
  if(NOT FASTPHOTO_JSON_INCLUDE)
    message(FATAL_ERROR "fastphoto needs nlohmann's JSON for Modern C++ 3.10 or newer (headers only): run `apt-get install nlohmann-json3-dev` or `pip install nlohmann-json`, or pass -DFASTPHOTO_JSON_INCLUDE=<folder of nlohmann/json.hpp>.")
  endif()
  add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED GLOBAL)
  target_include_directories(nlohmann_json::nlohmann_json SYSTEM INTERFACE ${FASTPHOTO_JSON_INCLUDE})
endif()
