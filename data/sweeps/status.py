"""How far a sweep is."""

from dataclasses import dataclass
from pathlib import Path

from critdamp.engine.errors import FileError

from ..formats.run_file import open_run
from ..shards.contents import held
from ..shards.folder import RunFolder
from ..shards.record import Record


@dataclass(frozen=True)
class Status:
    """How far a sweep is; only what survives a kill counts as done.

    Attributes
    ----------
    path : of the run
    tiles, done : all tiles, and those in finished shards
    points, done_points : likewise
    complete : whether the run itself is there
    sha256 : of the plan
    nbytes : on the disk by now
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
    """Return how far a sweep is, finished or not.

    Raises
    ------
    FileError
        Neither a run nor an unfinished one is there, or it is damaged.
    """
    parts = RunFolder.of(path)
    record = parts.record()
    if record is None or merged(parts, record):
        with open_run(path) as done:
            plan = done.plan
        tiles, size = plan.grid.n_tiles, plan.grid.size
        nbytes = parts.path.stat().st_size
        return Status(parts.path, tiles, tiles, size, size, True, plan.sha256, nbytes)
    grid = record.plan.grid
    safe = [i for shard in held(parts, record).values() for i in shard.tiles]
    if not parts.begun:  # it was finished while we looked
        return status(path)
    return Status(
        parts.path,
        grid.n_tiles,
        len(safe),
        grid.size,
        sum(grid.tile(index).size for index in safe),
        False,
        record.plan.sha256,
        parts.nbytes(),
    )


def merged(parts: RunFolder, record: Record) -> bool:
    """Return whether the run that is there was made of these parts."""
    if not parts.path.exists():
        return False
    try:
        with open_run(parts.path) as found:
            return bool(found.attributes.get("uuid") == record.uuid)
    except FileError:
        return False
