"""Closed-form smoothing beside other solvers of the same system, in one run on the same photos.

    python -m benchmarks.smoothing [--photos PATH ...] [--megapixels 0.1 0.25 1] [--threads 1] [--repeat 3]
        [--repeat-peers 1] [--pages-at-hand] [--plot FILE]

Every solver gets the same matting-Laplacian system (lam = 1e-4, eps = 1e-7, R = u) and runs in a process of its own,
whose peak memory beyond the inputs is what is reported, and as many threads as ours. Without --photos, photos of the
scikit-image package are enlarged or reduced. Peers take part where they are installed and up to the size at which they
still end in reasonable time. Errors are against a factorisation, CHOLMOD's or SciPy's, where one runs. Prints a table
and the measured memory bandwidth.

Virtual machines that return unused memory to their host take long to get it again, and a small photo finds the pages
that the run before has left while a large one does not. --pages-at-hand compares sizes of ours without that (Linux
only; peak memory then counts from the solve on, without what imports and a first small solve had at their peak).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import mmap
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Float32Array = NDArray[np.float32]
Solution = tuple[NDArray[Any], dict[str, Any]]
LAM = 1e-4
EPS = 1e-7
RTOL = 1e-3
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
# Bytes that one iteration moves for a pixel and three channels, each once: coefficients (48) in three products; vectors
# of 12 bytes read or written 18 times by these, the transfers and the updates; blocks of the first level (14) before
# and after the coarser ones, with six passes over its vectors (5), and a third of that below.
BYTES_PER_ITERATION = 3 * 48 + 18 * 12 + (2 * 14 + 6 * 5) * 4 // 3
# At least what ours takes for a pixel, with the result.
BYTES_OF_OURS = 256
PEAK_RESET = Path("/proc/self/clear_refs")
DIRECT = ("cholmod", "scipy splu")


def restyled(content: Float32Array) -> Float32Array:
    """The content in other colours, with blotches and noise: what smoothing is there to mend."""
    height, width, _ = content.shape
    rng = np.random.default_rng(7)
    coarse = Image.fromarray((rng.random((9, 13, 3)) * 255).astype(np.uint8))
    blotches = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)) / 255
    noisy = content[..., ::-1] ** 1.5 * 0.6 + 0.3 * blotches + rng.normal(0, 0.05, content.shape)
    return np.clip(noisy, 0, 1).astype(np.float32)


def photos(given: list[Path]) -> list[tuple[str, Image.Image]]:
    if given:
        files = [file for path in given for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
        paths = [file for file in files if file.suffix.lower() in {".jpg", ".jpeg", ".png"}]
        return [(p.stem, Image.open(p).convert("RGB")) for p in paths]
    from skimage import data

    return [(name, Image.fromarray(getattr(data, name)())) for name in ("coffee", "rocket")]


def resized(photo: Image.Image, megapixels: float) -> Float32Array:
    factor = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
    size = (max(3, round(photo.width * factor)), max(3, round(photo.height * factor)))
    return (np.asarray(photo.resize(size, Image.Resampling.LANCZOS)) / 255).astype(np.float32)


# Solvers: each takes content, stylized and threads.


def ours(content: Float32Array, stylized: Float32Array, threads: int) -> Solution:
    start = time.perf_counter()
    smoother = fp.Smoother(content, lam=LAM, eps=EPS, normalized=False, threads=threads)
    ready = time.perf_counter()
    smooth, info = smoother.solve(stylized, rtol=RTOL, return_info=True)
    return smooth, {
        "setup": ready - start,
        "solve": time.perf_counter() - ready,
        "iterations": info.iterations,
        "note": info.preconditioner.name.lower(),
    }


def system(content: Float32Array, stylized: Float32Array) -> tuple[Any, NDArray[np.float64]]:
    """A u = b as SciPy takes it."""
    import scipy.sparse as sp

    laplacian: Any = fp.matting_laplacian(content, eps=EPS)
    height, width, _ = content.shape
    rows = np.minimum(np.minimum(np.arange(height) + 1, height - np.arange(height)), 3)
    columns = np.minimum(np.minimum(np.arange(width) + 1, width - np.arange(width)), 3)
    data = LAM * np.outer(rows, columns).ravel().astype(np.float64)
    return sp.csc_matrix(sp.diags_array(data) + laplacian), data[:, None] * stylized.reshape(-1, 3)


def direct(content: Float32Array, stylized: Float32Array, _threads: int) -> Solution:
    from scipy.sparse.linalg import splu

    start = time.perf_counter()
    matrix, right = system(content, stylized)
    factors = splu(matrix)
    ready = time.perf_counter()
    return factors.solve(right), {"setup": ready - start, "solve": time.perf_counter() - ready, "iterations": 0}


def cholmod(content: Float32Array, stylized: Float32Array, _threads: int) -> Solution:
    from sksparse.cholmod import cholesky

    start = time.perf_counter()
    matrix, right = system(content, stylized)
    factor = cholesky(matrix)
    ready = time.perf_counter()
    return factor(right), {"setup": ready - start, "solve": time.perf_counter() - ready, "iterations": 0}


def by_channels(
    content: Float32Array, stylized: Float32Array, preconditioner: Callable[[Any], Callable[[Any], Any] | None]
) -> Solution:
    """PyMatting's conjugate gradients, one channel after another."""
    from pymatting import cg

    start = time.perf_counter()
    matrix, right = system(content, stylized)
    apply = preconditioner(matrix)
    ready = time.perf_counter()
    iterations: list[int] = []
    result = np.empty_like(right)
    for c in range(right.shape[1]):
        count = [0]

        def counted(*_: Any, count: list[int] = count) -> None:
            count[0] += 1

        result[:, c] = cg(matrix, right[:, c], M=apply, rtol=RTOL, atol=0, maxiter=20000, callback=counted)
        iterations.append(count[0])
    times = {"setup": ready - start, "solve": time.perf_counter() - ready, "iterations": max(iterations)}
    return result, times


def pymatting_ichol(content: Float32Array, stylized: Float32Array, _threads: int) -> Solution:
    from pymatting import ichol

    return by_channels(content, stylized, lambda matrix: ichol(matrix, discard_threshold=1e-4))


def pymatting_vcycle(content: Float32Array, stylized: Float32Array, _threads: int) -> Solution:
    from pymatting import vcycle

    return by_channels(content, stylized, lambda matrix: vcycle(matrix, content.shape[:2]))


def pyamg_cg(content: Float32Array, stylized: Float32Array, _threads: int) -> Solution:
    import pyamg
    import scipy.sparse as sp

    def preconditioner(matrix: Any) -> Callable[[Any], Any]:
        hierarchy: Any = pyamg.smoothed_aggregation_solver(sp.csr_matrix(matrix))
        operator = hierarchy.aspreconditioner()
        return lambda r: operator @ r

    return by_channels(content, stylized, preconditioner)


# Name: solver, the module it needs, the megapixels up to which it ends within minutes.
SOLVERS: dict[str, tuple[Callable[[Float32Array, Float32Array, int], Solution], str, float]] = {
    "ours": (ours, "fastphoto_native", 100),
    "scipy splu": (direct, "scipy", 0.25),
    "cholmod": (cholmod, "sksparse", 1),
    "pymatting ichol": (pymatting_ichol, "pymatting", 1),
    "pymatting vcycle": (pymatting_vcycle, "pymatting", 0.5),
    "pyamg + cg": (pyamg_cg, "pyamg", 0.25),
}


def peak_bytes() -> int:
    """Of this process; getrusage alone would begin with the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def make_pages(count: int) -> None:
    """So many bytes are written once and given back: the system has them when the clock runs. Peaks count from here."""
    with mmap.mmap(-1, count, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)  # as ours asks for; small ones would have to be put together again
        for page in range(0, count, resource.getpagesize()):
            memory[page] = 1
    PEAK_RESET.write_text("5")


def run_alone(name: str, folder: Path, threads: int, pages_at_hand: bool) -> None:
    """In the child process: solves, and leaves result and figures in the folder."""
    content, stylized = np.load(folder / "content.npy"), np.load(folder / "stylized.npy")
    solver = SOLVERS[name][0]
    tiny = np.random.default_rng(0).random((24, 24, 3), np.float32)
    solver(tiny, tiny, threads)  # imports, and what is compiled on first use
    if pages_at_hand:
        make_pages(BYTES_OF_OURS * content[..., 0].size)
    before = peak_bytes()
    result, figures = solver(content, stylized, threads)
    figures["bytes"] = peak_bytes() - before
    np.save(folder / "result.npy", np.asarray(result, np.float32).reshape(content.shape))
    (folder / "figures.json").write_text(json.dumps(figures))


def seconds_of(figures: dict[str, Any]) -> float:
    return float(figures["setup"] + figures["solve"])


def measure(
    name: str, folder: Path, threads: int, repeat: int, seconds: float, pages_at_hand: bool
) -> tuple[dict[str, Any], Float32Array]:
    best: dict[str, Any] = {}
    for _ in range(repeat):
        command = [sys.executable, __file__, "--alone", name, "--folder", str(folder), "--threads", str(threads)]
        command += ["--pages-at-hand"] if pages_at_hand else []
        subprocess.run(command, check=True, timeout=seconds, env=os.environ | dict.fromkeys(THREADS, str(threads)))
        figures = json.loads((folder / "figures.json").read_text())
        if not best or seconds_of(figures) < seconds_of(best):
            best = figures
    return best, np.load(folder / "result.npy")


def bandwidth(threads: int) -> float:
    """Bytes per second, of all threads together: a = b + c over arrays beyond the caches, counted as three streams."""
    arrays = [[np.ones(1 << 25, np.float32) for _ in range(3)] for _ in range(threads)]
    best = float("inf")
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(5):
            start = time.perf_counter()
            list(pool.map(lambda abc: np.add(abc[1], abc[2], out=abc[0]), arrays))  # NumPy lets other threads run
            best = min(best, time.perf_counter() - start)
    return threads * 3 * arrays[0][0].nbytes / best


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.2), dpi=90)
    for name in SOLVERS:
        points = sorted({(row["mp"], row["seconds_mp"]) for row in rows if row["solver"] == name})
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
    axes.set(xscale="log", yscale="log", xlabel="megapixels", ylabel="seconds per megapixel")
    axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--photos", type=Path, nargs="+", default=[], help="files or folders; none: two of scikit-image"
    )
    parser.add_argument("--most-photos", type=int, default=3)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.1, 0.25, 1])
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=list(SOLVERS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3, help="of ours, before the peers and again after them")
    parser.add_argument("--repeat-peers", type=int, default=1, help="of all others; of everybody the fastest counts")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one solve")
    parser.add_argument(
        "--pages-at-hand",
        action="store_true",
        help="with --solvers ours: have the system make pages before the clock runs",
    )
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone is not None:
        run_alone(arguments.alone, arguments.folder, arguments.threads, arguments.pages_at_hand)
        return 0

    if arguments.pages_at_hand and (arguments.solvers != ["ours"] or not PEAK_RESET.exists()):
        parser.error("--pages-at-hand needs --solvers ours, for whose memory pages are made, and Linux")
    speed = bandwidth(arguments.threads or os.cpu_count() or 1)
    floor = BYTES_PER_ITERATION * 1e6 / speed
    print(
        f"memory bandwidth {speed / 1e9:.1f} GB/s (threads: {arguments.threads}), "
        f"one iteration at least {1e3 * floor:.0f} ms/MP"
    )
    print(
        f"{'photo':20} {'MP':>5} {'solver':18} {'set-up':>8} {'solve':>8} {'s/MP':>8} {'its':>5} {'floor':>6}"
        f" {'B/px':>7} {'max err':>8} {'99.9 %':>7}"
    )
    rows: list[dict[str, Any]] = []
    for name, photo in photos(arguments.photos)[: arguments.most_photos]:
        for megapixels in arguments.megapixels:
            content = resized(photo, megapixels)
            pixels = content.shape[0] * content.shape[1]
            results: dict[str, tuple[dict[str, Any], Float32Array]] = {}
            with tempfile.TemporaryDirectory() as folder:
                np.save(Path(folder) / "content.npy", content)
                np.save(Path(folder) / "stylized.npy", restyled(content))
                # Ours before the peers and once more after them: machines have slower moments.
                again = ["ours"] if "ours" in arguments.solvers and len(arguments.solvers) > 1 else []
                for solver in [*arguments.solvers, *again]:
                    _, module, most = SOLVERS[solver]
                    if megapixels > most or importlib.util.find_spec(module) is None:
                        continue
                    repeat = arguments.repeat if solver == "ours" else arguments.repeat_peers
                    try:
                        measured = measure(
                            solver, Path(folder), arguments.threads, repeat, arguments.timeout, arguments.pages_at_hand
                        )
                    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                        print(f"{name[:20]:20} {megapixels:5.2f} {solver:18} failed: {type(error).__name__}")
                        continue
                    results[solver] = min(measured, results.get(solver, measured), key=lambda run: seconds_of(run[0]))
            for solver, (figures, result) in results.items():
                errors = ["", ""]
                exact = next((results[direct_solver][1] for direct_solver in DIRECT if direct_solver in results), None)
                if exact is not None and solver not in DIRECT:
                    difference = 255 * np.abs(result - exact)
                    errors = [f"{difference.max():.3f}", f"{np.quantile(difference, 0.999):.3f}"]
                seconds = seconds_of(figures)
                share = figures["iterations"] * floor * pixels / 1e6 / figures["solve"] if solver == "ours" else 0
                rows.append({"mp": megapixels, "solver": solver, "seconds_mp": seconds / pixels * 1e6})
                print(
                    f"{name[:20]:20} {megapixels:5.2f} {solver:18} {figures['setup']:8.2f} {figures['solve']:8.2f}"
                    f" {seconds / pixels * 1e6:8.2f} {figures['iterations']:5d} {f'{share:.0%}' if share else '':>6}"
                    f" {figures['bytes'] / pixels:7.0f} {errors[0]:>8} {errors[1]:>7}",
                    flush=True,
                )
    if arguments.plot is not None:
        if importlib.util.find_spec("matplotlib") is None:
            print("no plot: matplotlib is not installed")
        else:
            plot(rows, arguments.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
