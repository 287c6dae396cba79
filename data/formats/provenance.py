"""Where the numbers of a file come from."""

import importlib.metadata
import os
import platform
import socket
from datetime import UTC, datetime
from typing import Any

import h5py
import numba
import numpy as np

from ..chunks.deflate import ENCODER


def now() -> str:
    """Return the time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def version() -> str:
    """Return the version of critdamp."""
    try:
        return importlib.metadata.version("critdamp")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def session(command_line: str | None, threads: int, backend: str) -> dict[str, Any]:
    """Return who computes, with what and where: attributes for a run file.

    Parameters
    ----------
    command_line : what a person typed; by default the call of the library
    threads : that compute
    backend : that computes the kernels
    """
    return {
        "source": f"critdamp {version()}",
        "software_version": version(),
        "command_line": command_line or "critdamp (Python)",
        "python_version": platform.python_version(),
        "numpy_version": np.__version__,
        "numba_version": numba.__version__,
        "h5py_version": h5py.version.version,
        "hdf5_version": h5py.version.hdf5_version,
        "deflate_encoder": ENCODER,
        "hostname": socket.gethostname(),
        "platform": platform.platform(),
        "cpus": os.cpu_count() or 0,
        "threads": threads,
        "backend": backend,
        "date_started": now(),
    }


def origin() -> dict[str, Any]:
    """Return who made a file, with what, where and when: attributes for it."""
    here = session(None, 1, "")
    kept = ("source", "python_version", "numpy_version", "hostname", "platform")
    return {**{name: here[name] for name in kept}, "date_created": here["date_started"]}


def history(sessions: list[dict[str, Any]]) -> str:
    """Return a line for each time that somebody computed, newest last."""
    lines = (
        f"{one['date_started']} {one['source']}: {one['command_line']}"
        for one in sessions
    )
    return "\n".join(lines)
