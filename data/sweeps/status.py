"""Progress of a sweep."""

from dataclasses import dataclass
from pathlib import Path

from critdamp.engine.errors import FileError

from ..formats.run_file import open_run
from ..shards.contents import held
from ..shards.folder import RunFolder
from ..shards.record import Record
from ..storage.os_errors import RefusedError


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
    record = parts.record()
    if record is None or merged(parts, record):
        with open_run(path) as run:
            plan = run.plan
        tiles, size = plan.grid.n_tiles, plan.grid.size
        nbytes = parts.path.stat().st_size
        return Status(parts.path, tiles, tiles, size, size, True, plan.sha256, nbytes)
    grid = record.plan.grid
    done = [tile for shard in held(parts, record).values() for tile in shard.tiles]
    if not parts.begun or merged(parts, record):  # another process finished it
        return status(path)
    return Status(
        parts.path,
        grid.n_tiles,
        len(done),
        grid.size,
        sum(grid.tile(index).size for index in done),
        False,
        record.plan.sha256,
        parts.nbytes(),
    )


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
