# Warnings, sanitizers and floating-point rules, per target.

set(FASTPHOTO_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize= (GCC and Clang)")
option(FASTPHOTO_MULTIVERSION "Compile kernels for several instruction sets, of which the loader picks one" ON)
option(FASTPHOTO_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)

function(fastphoto_compile_options target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${FASTPHOTO_WARNINGS_AS_ERRORS}>:/WX>)
  else()
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wdouble-promotion -Wnon-virtual-dtor
      -Wold-style-cast -Woverloaded-virtual $<$<BOOL:${FASTPHOTO_WARNINGS_AS_ERRORS}>:-Werror>
      # The kernels are plain loops that the optimiser must vectorise; -O2 of older GCC does not.
      $<$<CONFIG:Release,RelWithDebInfo>:-O3>
      # Square roots need no errno and comparisons no traps; neither changes a result.
      -fno-math-errno -fno-trapping-math
    )
  endif()
  if(NOT FASTPHOTO_MULTIVERSION)
    target_compile_definitions(${target} PRIVATE FASTPHOTO_ONE_VERSION)
  endif()
  if(FASTPHOTO_FUZZ)
    # Counts what an input reaches; the targets of tests/fuzz bring the rest of libFuzzer.
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(FASTPHOTO_SANITIZE)
    # -O1 comes last and counts: with more, the kernels take many times as long to compile.
    target_compile_options(${target} PUBLIC -fsanitize=${FASTPHOTO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -O1)
    target_link_options(${target} PUBLIC -fsanitize=${FASTPHOTO_SANITIZE})
    target_compile_definitions(${target} PRIVATE FASTPHOTO_SANITIZED)
  endif()
endfunction()
