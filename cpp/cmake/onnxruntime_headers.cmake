# Finds the headers of ONNX Runtime's C API; sets FASTPHOTO_ONNXRUNTIME_INCLUDE where component onnxruntime is to be built.
#
# Headers only: no library is linked. A given root comes first, -DONNXRUNTIME_ROOT=<folder> or the environment variable
# of that name, then the system. The root may be an unpacked archive of upstream's, a source tree or a prefix like /usr.

set(FASTPHOTO_ONNXRUNTIME AUTO CACHE STRING "Build component onnxruntime: AUTO (where ONNX Runtime's headers are found), ON or OFF")
set_property(CACHE FASTPHOTO_ONNXRUNTIME PROPERTY STRINGS AUTO ON OFF)
set(ONNXRUNTIME_ROOT "" CACHE PATH "Folder with the headers of ONNX Runtime's C API")
set(oldest_api 20)

if(NOT FASTPHOTO_ONNXRUNTIME)
  message(STATUS "Component onnxruntime is switched off")
  return()
endif()

# Not cached, so that another root or a new package counts.
find_path(FASTPHOTO_ONNXRUNTIME_INCLUDE onnxruntime_c_api.h NO_CACHE
  HINTS "${ONNXRUNTIME_ROOT}" ENV ONNXRUNTIME_ROOT
  PATH_SUFFIXES include include/onnxruntime include/onnxruntime/core/session core/session onnxruntime onnxruntime/core/session
)
set(how "run `apt-get install libonnxruntime-dev` (Debian 13 and newer), or unpack an archive of ONNX Runtime's and pass -DONNXRUNTIME_ROOT=<its folder>")
if(NOT FASTPHOTO_ONNXRUNTIME_INCLUDE)
  set(problem "found no headers of ONNX Runtime; ${how}")
else()
  file(STRINGS ${FASTPHOTO_ONNXRUNTIME_INCLUDE}/onnxruntime_c_api.h api REGEX "^#define ORT_API_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" api "${api}")
  if(NOT api OR api LESS oldest_api)
    set(problem "found the headers of ONNX Runtime 1.${api} in ${FASTPHOTO_ONNXRUNTIME_INCLUDE}, expected 1.${oldest_api} or newer; ${how}")
  endif()
endif()

if(problem AND FASTPHOTO_ONNXRUNTIME STREQUAL "AUTO")
  message(STATUS "Component onnxruntime is left out: ${problem}")
  set(FASTPHOTO_ONNXRUNTIME_INCLUDE "")
elseif(problem)
  message(FATAL_ERROR "FASTPHOTO_ONNXRUNTIME is ON, but fastphoto ${problem}.")
else()
  message(STATUS "Component onnxruntime: headers of ONNX Runtime 1.${api} in ${FASTPHOTO_ONNXRUNTIME_INCLUDE}")
endif()
