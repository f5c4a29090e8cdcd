# shellcheck shell=sh
# The project's own tools and headers first. To be sourced, from the repository's root:  . scripts/environment.sh
#
# scripts/setup.sh makes what is named here: .venv (Python packages, cmake, ninja) and, only where something could not be
# installed system-wide, .deps (unpacked Debian packages).

PATH="$PWD/.venv/bin:$PATH"
CMAKE_GENERATOR=Ninja # comes with .venv; make may be missing
export PATH CMAKE_GENERATOR

# Objects are compiled once for all builds that agree in their flags, if there is a ccache.
if command -v ccache >/dev/null && [ -z "${CMAKE_CXX_COMPILER_LAUNCHER:-}" ]; then
    CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
    CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
    export CMAKE_C_COMPILER_LAUNCHER CMAKE_CXX_COMPILER_LAUNCHER CCACHE_BASEDIR CCACHE_NOHASHDIR
fi

# Eigen and JSON from PyPI (cmeel-eigen, nlohmann-json); doctest, if it had to be unpacked.
for prefix in "$PWD"/.venv/lib/python3.*/site-packages/cmeel.prefix "$PWD"/.venv/lib/python3.*/site-packages/nlohmann_json "$PWD/.deps/usr"; do
    if [ -d "$prefix" ]; then
        CMAKE_PREFIX_PATH="$prefix${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}"
        export CMAKE_PREFIX_PATH
    fi
done

# Python's headers, if they had to be unpacked. CMake wants the folder; the compiler wants its parent as well, because
# Debian's pyconfig.h includes <triplet/python3.X/pyconfig.h>.
for include in "$PWD"/.deps/usr/include/python3.*; do
    if [ -f "$include/Python.h" ]; then
        CPLUS_INCLUDE_PATH="$include:$PWD/.deps/usr/include${CPLUS_INCLUDE_PATH:+:$CPLUS_INCLUDE_PATH}"
        CMAKE_ARGS="${CMAKE_ARGS:+$CMAKE_ARGS }-DPython_INCLUDE_DIR=$include"
        export CPLUS_INCLUDE_PATH CMAKE_ARGS
    fi
done

# ONNX Runtime's headers, which are unpacked where the system has none. They make component onnxruntime.
if [ -f "$PWD/.deps/usr/include/onnxruntime/onnxruntime_c_api.h" ]; then
    ONNXRUNTIME_ROOT=${ONNXRUNTIME_ROOT:-$PWD/.deps/usr}
    export ONNXRUNTIME_ROOT
fi

has_runtime_headers() {
    [ -n "${ONNXRUNTIME_ROOT:-}" ] || [ -f /usr/include/onnxruntime/onnxruntime_c_api.h ] ||
        [ -f /usr/local/include/onnxruntime/onnxruntime_c_api.h ] || [ -f /usr/local/include/onnxruntime_c_api.h ]
}

has_doctest() {
    for prefix in /usr /usr/local .deps/usr; do
        if [ -f "$prefix/include/doctest/doctest.h" ]; then return 0; fi
    done
    return 1
}
