"""Progress of a sweep."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from critdamp.engine.errors import FileError

from ..formats.run_file import open_run
from ..shards.contents import held
from ..shards.folder import RunFolder
from ..shards.record import Record
from ..storage.os_errors import RefusedError

Found = TypeVar("Found")


@dataclass(frozen=True)
class Status:
    """Progress of a sweep; only tiles in finished shards count, which survive a kill.

    Attributes
    ----------
    path : path of the run file
    tiles, done : number of tiles, and of those in finished shards
    points, done_points : number of points, and of those in finished shards
    complete : whether the run file is finished
    sha256 : hash of the plan
    nbytes : size of the run file, or of the finished shards
    """

    path: Path
    tiles: int
    done: int
    points: int
    done_points: int
    complete: bool
    sha256: str
    nbytes: int


def status(path: str | Path) -> Status:
    """Return the progress of a sweep, finished or not.

    Raises
    ------
    FileError
        There is neither a run nor an unfinished one, or a file is damaged.
    """
    parts = RunFolder.of(path)
    return of_one_sweep(parts, lambda record: _status(parts, record))


def _status(parts: RunFolder, record: Record | None) -> Status:
    if record is None or merged(parts, record):
        with open_run(parts.name) as run:
            plan = run.plan
        tiles, size = plan.grid.n_tiles, plan.grid.size
        nbytes = parts.path.stat().st_size
        return Status(parts.name, tiles, tiles, size, size, True, plan.sha256, nbytes)
    grid = record.plan.grid
    done = [tile for shard in held(parts, record).values() for tile in shard.tiles]
    return Status(
        parts.name,
        grid.n_tiles,
        len(done),
        grid.size,
        sum(grid.tile(index).size for index in done),
        False,
        record.plan.sha256,
        parts.nbytes(),
    )


def of_one_sweep(parts: RunFolder, read: Callable[[Record | None], Found]) -> Found:
    """Return what a function reads of the run, its record and its shards.

    It is called again if the sweep ended, or another one began, while it read.

    Raises
    ------
    FileError
        The record cannot be read; and what the function raises.
    """
    while True:
        record = parts.record()
        before = _sweep_of(parts, record)
        try:
            found = read(record)
        except OSError:  # a FileError, too
            if _sweep_of(parts, parts.record()) == before:
                raise
        else:
            if _sweep_of(parts, parts.record()) == before:
                return found


def _sweep_of(parts: RunFolder, record: Record | None) -> tuple[str, bool]:
    """Return which sweep it is, and whether its run is there."""
    return (record.uuid, merged(parts, record)) if record else ("", True)


def merged(parts: RunFolder, record: Record) -> bool:
    """Return whether the run file exists and is of the same sweep as the shards.

    Raises
    ------
    RefusedError
        The system refuses to read the run file.
    """
    if not parts.path.exists():
        return False
    try:
        with open_run(parts.path) as run:
            return bool(run.attributes.get("uuid") == record.uuid)
    except RefusedError:
        raise
    except FileError:
        return False
