"""Timing of cases, and the description of the machine."""

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

# least total time in s, and least number, of timed runs
_SECONDS, _LEAST_RUNS = 0.25, 2


@dataclass(frozen=True)
class Result:
    """The speed of a case: units of work per second, and its share of the limit."""

    kernel: str
    by: str
    threads: int
    size: int
    unit: str
    per_second: float
    of_limit: float | None


def best_time(case: Case) -> float:
    """Return the shortest time of a run in s, without the first, which may compile."""
    with ExitStack() as stack:
        run = case.start(stack)
        run()
        times: list[float] = []
        while len(times) < _LEAST_RUNS or sum(times) < _SECONDS:
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
    return min(times)


def results(rates: list[tuple[Case, float]]) -> list[Result]:
    """Return the results of (case, units per second), with their shares of limits."""
    limits: dict[tuple[str, int, int], float] = {}
    for case, rate in rates:
        if case.by.startswith(LIMIT):
            key = _limit_key(case)
            limits[key] = max(rate, limits.get(key, 0.0))
    return [
        Result(
            case.kernel,
            case.by,
            case.threads,
            case.size,
            case.unit,
            rate,
            rate / limits[key] if (key := _limit_key(case)) in limits else None,
        )
        for case, rate in rates
    ]


def _limit_key(case: Case) -> tuple[str, int, int]:
    return case.kernel, case.threads, case.size


def machine() -> dict[str, Any]:
    """Return processor, caches, clock, threads and versions."""
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
    """Return the clock in GHz, from a chain of dependent operations."""
    rounds = 3_000_000
    shifts(np.uint64(1), 1)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        shifts(np.uint64(1), rounds)
        times.append(time.perf_counter() - start)
    return round(rounds * CYCLES_OF_A_ROUND / min(times) / 1e9, 2)


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "CPU part")):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _topology() -> str:
    """Return the numbers of sockets and cores and the sizes of caches, if known."""
    cores = set()
    for folder in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology"):
        with suppress(OSError):
            ids = ("physical_package_id", "core_id")
            cores.add(tuple((folder / name).read_text().strip() for name in ids))
    parts = []
    if cores:
        sockets = len({socket for socket, _ in cores})
        parts.append(f"sockets: {sockets}, cores: {len(cores)}")
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        with suppress(OSError):
            level, kind, size = (
                (folder / name).read_text().strip()
                for name in ("level", "type", "size")
            )
            if kind != "Instruction":
                parts.append(f"L{level} {size}")
    return ", ".join(parts) or "unknown"
