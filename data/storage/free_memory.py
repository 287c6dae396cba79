"""How much memory this process may still take, as far as the system tells."""

from __future__ import annotations

import math
import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

_PROC, _CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
# of a version of control groups: limit, use, and before the names of what is given back
_V1 = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"
_V2 = "memory.max", "memory.current", ""


def free_memory() -> float:
    """Return the bytes that the machine, its control groups and ulimit leave."""
    return max(0.0, min(_of_machine(), *_of_groups(), *_of_limits()))


def _of_machine() -> float:
    kilobytes = _named(_PROC / "meminfo").get("MemAvailable:")
    if kilobytes is not None:
        return 1024.0 * kilobytes
    # elsewhere than in Linux, what is free may not be told
    names = ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES")
    name = next((n for n in names if n in os.sysconf_names), None)
    return float(os.sysconf(name) * resource.getpagesize()) if name else math.inf


def _of_limits() -> Iterator[float]:
    used = [0.0] * 7
    with suppress(OSError, ValueError):
        pages = (_PROC / "self/statm").read_text().split()
        used = [float(count) * resource.getpagesize() for count in pages]
    for which, taken in (
        (resource.RLIMIT_AS, used[0]),
        (resource.RLIMIT_DATA, used[5]),
    ):
        limit = resource.getrlimit(which)[0]
        yield math.inf if limit == resource.RLIM_INFINITY else limit - taken


def _of_groups() -> Iterator[float]:
    """Yield what each control group of this process leaves, and each one above."""
    lines: list[str] = []
    with suppress(OSError):
        lines = (_PROC / "self/cgroup").read_text().splitlines()
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if not controllers:
            roots, names = [_CGROUPS, _CGROUPS / "unified"], _V2
        elif "memory" in controllers.split(","):
            roots, names = [_CGROUPS / "memory"], _V1
        else:
            continue
        group = PurePosixPath(place.lstrip("/"))
        for root in roots:
            yield from (_left(root / at, *names) for at in (group, *group.parents))


def _left(folder: Path, limit: str, use: str, before: str) -> float:
    with suppress(OSError, ValueError):  # without a limit, or with "max"
        most = float((folder / limit).read_text())
        used = float((folder / use).read_text())
        known = _named(folder / "memory.stat")
        cached = (f"{before}{which}_file" for which in ("inactive", "active"))
        return most - used + sum(known.get(name, 0.0) for name in cached)
    return math.inf


def _named(path: Path) -> dict[str, float]:
    """Return the numbers of a file of lines of names and numbers."""
    rows: list[list[str]] = []
    with suppress(OSError):
        rows = [line.split() for line in path.read_text().splitlines()]
    return {row[0]: float(row[1]) for row in rows if row[1:] and row[1].isdigit()}
