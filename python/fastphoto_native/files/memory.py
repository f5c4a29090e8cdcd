"""How much memory this process may still take: what a photo needs is judged before it is decoded."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

_CGROUPS = (
    # Limit, use, and where the use's cache is counted, of the second and the first version.
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
    ),
)
_CACHES = ("inactive_file", "total_inactive_file")


def available_memory() -> int | None:
    """Bytes that are free: the least of what the machine, the container and the process's limit leave.

    Returns:
        None where the system does not say.
    """
    found = [v for v in (_of_machine(), _of_container(), _of_limit()) if v is not None]
    return max(min(found), 0) if found else None


def _of_machine() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _of_container() -> int | None:
    for limit, use, stat in _CGROUPS:
        with suppress(OSError, ValueError, IndexError):
            most, used = int(Path(limit).read_text()), int(Path(use).read_text())
            cache = 0
            for line in Path(stat).read_text().splitlines():
                name, _, value = line.partition(" ")
                if name in _CACHES:
                    cache = int(value)
            return most - used + cache
    return None


def _of_limit() -> int | None:
    """What a limit of the address space leaves."""
    if sys.platform == "win32":
        return None
    import resource

    with suppress(OSError, ValueError, IndexError):
        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            return soft - pages * resource.getpagesize()
    return None
