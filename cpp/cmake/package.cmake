# Libraries and their packages: how each is built, installed, and found by find_package and pkg-config.
include(CMakePackageConfigHelpers)

option(FASTPHOTO_INSTALL "Install libraries, headers and package files" ${PROJECT_IS_TOP_LEVEL})
set(FASTPHOTO_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/fastphoto)
# While a minor version may change the interface, it is part of the shared libraries' names.
set(FASTPHOTO_SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

# What a program that is linked without a C++ compiler must name beside a static library.
set(FASTPHOTO_LANGUAGE_LIBS "")
foreach(library ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
  if(library MATCHES "^(stdc\\+\\+|c\\+\\+|m)$")
    string(APPEND FASTPHOTO_LANGUAGE_LIBS " -l${library}")
  endif()
endforeach()

# fastphoto_library(<target> <component> DESCRIPTION <text> [REQUIRES <packages>] [REQUIRES_PRIVATE <packages>]
#                   [LIBS_PRIVATE <linker's flags>])
#
# Makes <target>, which has its sources and links already, the library fastphoto::<component> and installs it. What
# follows DESCRIPTION is for pkg-config: the packages that the headers need, those that only the library needs, and what
# else a static library needs.
function(fastphoto_library target component)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "DESCRIPTION" "REQUIRES;REQUIRES_PRIVATE;LIBS_PRIVATE")
  add_library(fastphoto::${component} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${component}
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    VERSION ${PROJECT_VERSION}
    SOVERSION ${FASTPHOTO_SOVERSION}
  )
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    target_compile_definitions(${target} PUBLIC FASTPHOTO_STATIC)
  endif()
  if(APPLE)
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "@loader_path")
  elseif(UNIX)
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN")
  endif()
  if(FASTPHOTO_INSTALL)
    fastphoto_install(${target} ${component})
    fastphoto_pkg_config(${target} ${component})
  endif()
endfunction()

# Each component has an export file of its own, so that a program that needs the core loads nothing else.
function(fastphoto_install target component)
  install(TARGETS ${target} EXPORT fastphoto_${component}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT fastphoto_devel
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT fastphoto_runtime NAMELINK_COMPONENT fastphoto_devel
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT fastphoto_runtime
  )
  install(EXPORT fastphoto_${component} NAMESPACE fastphoto:: FILE fastphoto-${component}.cmake
    DESTINATION ${FASTPHOTO_PACKAGE_DIR} COMPONENT fastphoto_devel)
endfunction()

# Reads the arguments that fastphoto_library() was given.
function(fastphoto_pkg_config target component)
  set(flags "")
  set(requires ${arg_REQUIRES})
  set(private ${arg_LIBS_PRIVATE})
  if(type STREQUAL "STATIC_LIBRARY")
    set(flags " -DFASTPHOTO_STATIC")
    string(APPEND private " ${CMAKE_THREAD_LIBS_INIT}${FASTPHOTO_LANGUAGE_LIBS}")
  endif()
  list(JOIN arg_REQUIRES ", " requires)
  list(JOIN arg_REQUIRES_PRIVATE ", " requires_private)
  string(STRIP "${private}" private)
  # The prefix is found from the file's own place, so that an installed tree may be moved.
  if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(prefix ${CMAKE_INSTALL_PREFIX})
    set(libdir ${CMAKE_INSTALL_LIBDIR})
  else()
    file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    set(prefix "\${pcfiledir}/${up}")
    set(libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
  endif()
  if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(includedir ${CMAKE_INSTALL_INCLUDEDIR})
  else()
    set(includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cpp/cmake/fastphoto.pc.in fastphoto-${component}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/fastphoto-${component}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT fastphoto_devel)
endfunction()

# Installs what all components share. To be called once, after the last component.
function(fastphoto_install_package)
  if(NOT FASTPHOTO_INSTALL)
    return()
  endif()
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/cpp/include/fastphoto DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    COMPONENT fastphoto_devel)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cpp/cmake/fastphotoConfig.cmake.in fastphotoConfig.cmake
    INSTALL_DESTINATION ${FASTPHOTO_PACKAGE_DIR})
  write_basic_package_version_file(fastphotoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/fastphotoConfig.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/fastphotoConfigVersion.cmake
    DESTINATION ${FASTPHOTO_PACKAGE_DIR} COMPONENT fastphoto_devel)
endfunction()
