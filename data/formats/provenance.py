"""Provenance: attributes that record how the numbers of a file were computed."""

import importlib.metadata
import os
import platform
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numba
import numpy as np

from ..chunks.deflate import ENCODER
from ..storage.bounded_read import Attributes
from ..storage.memory_budget import TooLargeError
from ..storage.open_hdf5 import Kind, undamaged
from .kinds import open_kind

# what UTF-8 does not have
_ESCAPED = "backslashreplace"
# in the place of an attribute
_TOO_LARGE = "not read: its texts may take more memory than is allowed"


def now() -> str:
    """Return the current time in UTC as ISO 8601 text."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def version() -> str:
    """Return the version of critdamp."""
    try:
        return importlib.metadata.version("critdamp")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def session(command_line: str | None, threads: int, backend: str) -> dict[str, Any]:
    """Return the provenance of this process as attributes of a run file.

    Parameters
    ----------
    command_line : command as typed; None if the library was called
    threads : number of threads that compute
    backend : name of the backend that computes the kernels
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
    """Return software, host and time as attributes of a file that is created now."""
    attributes = session(None, 1, "")
    names = ("source", "python_version", "numpy_version", "hostname", "platform")
    kept = {name: attributes[name] for name in names}
    return {**kept, "date_created": attributes["date_started"]}


def add_attributes(file: Any, attributes: Mapping[str, Any]) -> None:
    """Write attributes, which are numbers and text only; a bool becomes 0 or 1.

    Parameters
    ----------
    file : file, group or dataset
    attributes : name → number, text or list
    """
    for name, value in attributes.items():
        is_bool = isinstance(value, bool | np.bool_)
        file.attrs[name] = int(value) if is_bool else value


def plain_attributes(file: Any) -> dict[str, Any]:
    """Return the attributes of a file as numbers, text, lists and None."""
    return {str(plain(name)): plain(value) for name, value in all_attributes(file)}


def all_attributes(file: Any) -> Iterator[tuple[str, Any]]:
    """Yield names and values of attributes; a text says which are too large to read."""
    attributes = Attributes(file)
    for name in attributes:
        try:
            yield name, attributes[name]
        except TooLargeError:
            yield name, _TOO_LARGE


def plain(value: Any) -> Any:
    """Return the value of an attribute as numbers, text and lists, which JSON has.

    Bytes become text, compounds a list of their fields, what is empty becomes None, and
    what has no numbers, as references, the text that Python has for it.
    """
    if isinstance(value, np.longdouble):
        return float(value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind != "O":
        value = value.tolist()
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, h5py.Empty):
        return None
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, bytes) else f"{value}".encode("utf-8", _ESCAPED)
    return text.decode("utf-8", _ESCAPED).replace("\0", "\\x00")


def attributes_of(path: Path, kind: Kind) -> dict[str, Any]:
    """Return the root attributes of a file of a kind.

    Raises
    ------
    FileError
        The file is missing, damaged, of another kind, or written by a newer critdamp.
    """
    with open_kind(path, kind) as file, undamaged(path):
        return plain_attributes(file)


def history(sessions: list[dict[str, Any]]) -> str:
    """Return the attribute `history`: one line for each session, oldest first."""
    lines = (
        f"{entry['date_started']} {entry['source']}: {entry['command_line']}"
        for entry in sessions
    )
    return "\n".join(lines)
