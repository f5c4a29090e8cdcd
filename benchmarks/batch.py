"""`fastphoto batch` beside a loop over the command and a loop over `Stylizer.apply`: seconds, CPU seconds, memory.

    python -m benchmarks.batch --photos 1000 --loop 20 [--model NAME]

All three read, restyle and write photos of 1 MP, in one run. The loops take the first --loop photos, since each of
their photos costs the same. Memory is the most of the batch's resident set, while the second 50 photos are made and
while the last 50 are, and of all.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import fastphoto_native as fp
import numpy as np
from fastphoto_native.runtime.names import STATISTICS_MODEL
from skimage import data, transform

SIDE = (866, 1155)  # 1 MP, as 3 : 4
COMMAND = [sys.executable, "-m", "fastphoto_native"]


def make_photos(folder: Path, count: int) -> None:
    """JPEG files: sample photos, each in another crop and exposure."""
    sources = [transform.resize(photo, (930, 1240)) for photo in (data.coffee(), data.chelsea(), data.astronaut())]
    rng = np.random.default_rng(0)
    for k in range(count):
        y, x = rng.integers(0, 930 - SIDE[0]), rng.integers(0, 1240 - SIDE[1])
        photo = sources[k % 3][y : y + SIDE[0], x : x + SIDE[1]] * rng.uniform(0.7, 1, 3)
        fp.write_photo(folder / f"{k:05}.jpg", fp.Photo(photo.astype(np.float32)))
    fp.write_photo(folder / "style.png", fp.Photo(data.rocket().astype(np.float32) / 255))


def cpu_seconds() -> float:
    """Of this process and the children that have ended."""
    ours, theirs = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(r.ru_utime + r.ru_stime for r in (ours, theirs))


def resident(pid: int) -> int:
    """Bytes."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def loop_over_command(folder: Path, photos: list[Path], model: str) -> None:
    for k, photo in enumerate(photos):
        command = [*COMMAND, "stylize", str(photo), str(folder / "style.png"), "-o", str(folder / f"command-{k}.jpg")]
        subprocess.run([*command, "--model", model], check=True)


def loop_over_apply(folder: Path, photos: list[Path], model: str) -> None:
    stylizer = fp.Stylizer(model)
    look = stylizer.analyze(fp.read_photo(folder / "style.png").pixels)
    for k, path in enumerate(photos):
        photo = fp.read_photo(path)
        fp.write_photo(folder / f"apply-{k}.jpg", photo.restyled(stylizer.apply(photo.pixels, look)))


def batch(folder: Path, count: int, model: str) -> dict[str, float]:
    """Memory in bytes."""
    out = folder / "out"
    pattern = str(folder / "[0-9]*.jpg")
    style = str(folder / "style.png")
    process = subprocess.Popen([*COMMAND, "batch", pattern, "--style", style, "-o", str(out), "--model", model])
    report, memory = out / "fastphoto-batch.jsonl", {"early": 0.0, "late": 0.0, "most": 0.0}
    window = min(50, count // 3)

    def watch() -> None:
        while process.poll() is None:
            now = resident(process.pid)
            done = report.read_text().count('"done"') if report.exists() else 0
            memory["most"] = max(memory["most"], now)
            if window <= done < 2 * window:
                memory["early"] = max(memory["early"], now)
            if count - window <= done < count:
                memory["late"] = max(memory["late"], now)
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    watcher.join()
    if status:
        raise SystemExit(f"the batch ended with {status}")
    return memory


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--loop", type=int, default=10)
    parser.add_argument("--model", default=STATISTICS_MODEL)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_photos(folder, arguments.photos)
        photos = sorted(folder.glob("[0-9]*.jpg"))[: arguments.loop]
        found: dict[str, dict[str, float]] = {}
        for way in ("command", "apply", "batch"):
            start, cpu, memory = time.perf_counter(), cpu_seconds(), {}
            if way == "batch":
                memory = batch(folder, arguments.photos, arguments.model)
            else:
                {"command": loop_over_command, "apply": loop_over_apply}[way](folder, photos, arguments.model)
            count = arguments.photos if way == "batch" else len(photos)
            found[way] = {
                "seconds": (time.perf_counter() - start) / count,
                "cpu_seconds": (cpu_seconds() - cpu) / count,
            } | {key: value / 1e6 for key, value in memory.items()}
            print(json.dumps({way: found[way]}), flush=True)
        for way in ("command", "apply"):
            print(
                f"batch is {found[way]['seconds'] / found['batch']['seconds']:.2f} times as fast as a loop over {way}"
            )


if __name__ == "__main__":
    main()
