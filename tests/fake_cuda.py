"""The real CUDA provider of onnxruntime-gpu on a machine without CUDA: which nodes would it take?

The provider decides on placements before it touches the device. It needs NVIDIA's libraries to load, so libraries of
the same names are made whose functions do nothing and report success. A session then gets as far as its first
allocation on the device, and by then the runtime's verbose log has the placement of every node.

Libraries with memory go further: what they allocate and copy on the device is RAM, and each allocation is a line on
standard error. Kernels still do nothing, so a chain of graphs without cuDNN's operators runs from end to end with its
real allocations and meaningless values.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Beginnings of the functions of each library that is not the C library's.
FUNCTIONS = {
    "libcudart": r"(__)?cuda[A-Z]", "libcublasLt": r"cublasLt", "libcublas": r"cublas(?!Lt)", "libcurand": r"curand",
    "libcuda": r"cu[A-Z]", "libcudnn": r"cudnn", "libcufft": r"cufft", "libnvrtc": r"nvrtc",
}  # fmt: skip

MEMORY = {
    "cudaMalloc": '(void** p, size_t n) { fprintf(stderr, "cudaMalloc %zu\\n", n); return !(*p = calloc(n, 1)); }',
    "cudaFree": "(void* p) { free(p); return 0; }",
    "cudaHostAlloc": "(void** p, size_t n, unsigned flags) { return !(*p = calloc(n, 1)); }",
    "cudaMallocHost": "(void** p, size_t n) { return !(*p = calloc(n, 1)); }",
    "cudaFreeHost": "(void* p) { free(p); return 0; }",
    "cudaMemcpy": "(void* to, const void* from, size_t n, int kind) { memcpy(to, from, n); return 0; }",
    "cudaMemcpyAsync": "(void* to, const void* from, size_t n, int k, void* s) { memcpy(to, from, n); return 0; }",
    "cudaMemset": "(void* p, int value, size_t n) { memset(p, value, n); return 0; }",
    "cudaMemsetAsync": "(void* p, int value, size_t n, void* stream) { memset(p, value, n); return 0; }",
    "cudaMemGetInfo": "(size_t* free, size_t* total) { *free = *total = 1L << 36; return 0; }",
    "cudaGetDevice": "(int* device) { *device = 0; return 0; }",
    "cudaGetDeviceCount": "(int* count) { *count = 1; return 0; }",
}
INCLUDES = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"

SCRIPT = """
import ctypes, json, sys
for library in sys.argv[3:]:
    ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
import onnxruntime
options = onnxruntime.SessionOptions()
options.log_severity_level = 0
providers = [("CUDAExecutionProvider", json.loads(sys.argv[2])), "CPUExecutionProvider"]
onnxruntime.InferenceSession(sys.argv[1], options, providers=providers)
"""


def provider_library() -> Path | None:
    """The CUDA provider, where onnxruntime-gpu is installed and there are tools to imitate what it needs."""
    found = importlib.util.find_spec("onnxruntime")
    if not found or not found.origin or not all(map(shutil.which, ("nm", "readelf", "cc"))):
        return None
    library = Path(found.origin).parent / "capi" / "libonnxruntime_providers_cuda.so"
    return library if library.is_file() else None


def make_libraries(provider: Path, folder: Path, memory: bool = False, failing: str = "(?!)") -> list[Path]:
    """Libraries with every function that the provider wants of NVIDIA's; with `memory` some of them do their work.

    Those whose names the expression `failing` matches report an error.
    """
    bodies = MEMORY if memory else {}
    wanted = subprocess.run(["nm", "-D", "--undefined-only", str(provider)], capture_output=True, text=True, check=True)
    symbols = {line.split()[-1].split("@")[0] for line in wanted.stdout.splitlines() if line.split()}
    needed = subprocess.run(["readelf", "-d", str(provider)], capture_output=True, text=True, check=True).stdout
    made = []
    for name in re.findall(r"NEEDED.*\[(lib(?:cu|nv)[^\]]*)\]", needed):
        pattern = FUNCTIONS[name.split(".so")[0]]
        source, versions = folder / f"{name}.c", folder / f"{name}.map"
        functions = [s for s in sorted(symbols) if re.match(pattern, s)]
        lines = [
            f"int {s}{bodies.get(s) or f'(void) {{ return {int(bool(re.match(failing, s)))}; }}'}" for s in functions
        ]
        source.write_text(INCLUDES + "\n".join(lines))
        versions.write_text(f"{name} {{ global: *; }};")
        options = ["-w", "-shared", "-fPIC", f"-Wl,-soname,{name}", f"-Wl,--version-script={versions}"]
        subprocess.run(["cc", *options, "-o", str(folder / name), str(source)], check=True, capture_output=True)
        made.append(folder / name)
    return made


def placements(model: Path, libraries: list[Path], options: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Provider: (operator, name) of each node, also in subgraphs. Empty if the runtime did not get that far."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(model), json.dumps(options), *map(str, libraries)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    placed: dict[str, list[tuple[str, str]]] = {}
    provider = ""
    for line in run.stderr.splitlines():
        _, mark, text = line.partition("VerifyEachNodeIsAssignedToAnEp]")
        if not mark:
            continue
        if found := re.search(r"placed on \[(\w+)\]", text):
            provider = found[1]
            placed.setdefault(provider, [])  # its nodes are not listed if there is no other provider
        elif node := re.match(r"\s+(\w+) \((.*?)\)\s*(?:\x1b.*)?$", text):
            placed.setdefault(provider, []).append((node[1], node[2]))
    return placed
