"""Times cases, and says what a machine it was."""

from __future__ import annotations

import os
import platform
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

from critdamp.data.formats.provenance import now, version
from critdamp.engine.backends.compile import threading_layer
from critdamp.engine.backends.threads import default_threads

from .case import LIMIT, Case
from .machine_limits import CYCLES_OF_A_ROUND, shifts

_SECONDS, _LEAST = 0.25, 2


@dataclass(frozen=True)
class Result:
    """How fast a case was: its best run, as a rate and beside its limit."""

    kernel: str
    by: str
    threads: int
    size: int
    unit: str
    per_second: float
    of_limit: float | None


def best_time(case: Case) -> float:
    """Return the seconds of the best run; the first, which may compile, is left out."""
    with ExitStack() as stack:
        run = case.start(stack)
        run()
        times: list[float] = []
        while len(times) < _LEAST or sum(times) < _SECONDS:
            began = time.perf_counter()
            run()
            times.append(time.perf_counter() - began)
    return min(times)


def results(rates: list[tuple[Case, float]]) -> list[Result]:
    """Return rates beside the limit of the same kernel, threads and size."""
    limits: dict[tuple[str, int, int], float] = {}
    for case, rate in rates:
        if case.by.startswith(LIMIT):
            place = _place(case)
            limits[place] = max(rate, limits.get(place, 0.0))
    return [
        Result(
            case.kernel,
            case.by,
            case.threads,
            case.size,
            case.unit,
            rate,
            rate / limits[place] if (place := _place(case)) in limits else None,
        )
        for case, rate in rates
    ]


def _place(case: Case) -> tuple[str, int, int]:
    return case.kernel, case.threads, case.size


def machine() -> dict[str, Any]:
    """Return what the numbers hang on: processor, clock, caches, versions."""
    return {
        "date": now(),
        "critdamp": version(),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "usable_threads": default_threads(),
        "topology": _topology(),
        "clock_ghz": clock(),
        "threading_layer": threading_layer(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "numba": numba.__version__,
        "numpy": np.__version__,
    }


def clock() -> float:
    """Return the clock in GHz, from operations that have to wait for each other."""
    rounds = 3_000_000
    shifts(np.uint64(1), 1)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        shifts(np.uint64(1), rounds)
        times.append(time.perf_counter() - began)
    return round(rounds * CYCLES_OF_A_ROUND / min(times) / 1e9, 2)


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "CPU part")):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _topology() -> str:
    """Return sockets, cores, threads and caches, as far as the system tells."""
    places = set()
    for folder in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology"):
        with suppress(OSError):
            ids = ("physical_package_id", "core_id")
            places.add(tuple((folder / name).read_text().strip() for name in ids))
    known = []
    if places:
        sockets = len({socket for socket, _ in places})
        known.append(f"sockets: {sockets}, cores: {len(places)}")
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        with suppress(OSError):
            level, kind, size = (
                (folder / name).read_text().strip()
                for name in ("level", "type", "size")
            )
            if kind != "Instruction":
                known.append(f"L{level} {size}")
    return ", ".join(known) or "unknown"
