"""How much room a sweep takes, and what is said where there is too little."""

import errno
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from critdamp.engine.compute import TileComputer
from critdamp.engine.errors import FileError
from critdamp.engine.plan import Plan

from .chunks import ChunkEncoder
from .files import failures
from .parts import Parts
from .records import Cut

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Estimate:
    """What a sweep takes.

    Attributes
    ----------
    points : of the grid
    nbytes : of all quantities, uncompressed
    tiles, shards : that it is computed and stored in
    stored : bytes in the file, if all tiles are like the one in the middle
    seconds : of computing and packing, on the same ground
    """

    points: int
    nbytes: int
    tiles: int
    shards: int
    stored: float
    seconds: float


def check_room(path: Path, compute: TileComputer, compression: bool) -> None:
    """Refuse a sweep that the disk, or the limit for files, has no room for.

    Shards and the run that they become stand beside each other at the end. How far maps
    are packed is tried on a tile only where they might not fit.

    Raises
    ------
    FileError
        With what is needed, and what is there.
    """
    free = shutil.disk_usage(path.parent).free
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    most = free if most == resource.RLIM_INFINITY else most
    plain = compute.plan.nbytes
    if 2 * plain <= free and plain <= most:
        return
    stored = _estimate(compute, compression).stored
    for needed, there, what in (
        (2.0 * stored, free, "are free on the disk"),
        (stored, most, "is the limit for a file (ulimit -f)"),
    ):
        if needed > there:
            raise FileError(
                f"{path}: needs about {_megabytes(needed)}, {_megabytes(there)} "
                f"{what}; make room, or --force it"
            )


def estimate(
    plan: Plan, threads: int | None = None, compression: bool = True
) -> Estimate:
    """Return what a sweep of a plan takes, from doing the tile in its middle."""
    return _estimate(TileComputer(plan, threads), compression)


def _estimate(compute: TileComputer, compression: bool) -> Estimate:
    plan, cut = compute.plan, Cut.of(compute.plan)
    encode = ChunkEncoder(plan, compression, compute.threads)
    tile = plan.grid.tile(cut.tiles // 2)
    compute(tile)  # compiles
    began = time.perf_counter()
    packed = sum(len(chunk.data) for chunk in encode(tile, compute(tile)))
    times = plan.grid.size / tile.size
    seconds = times * (time.perf_counter() - began)
    encode.close()
    size, nbytes = plan.grid.size, plan.nbytes
    return Estimate(size, nbytes, cut.tiles, cut.shards, times * packed, seconds)


@contextmanager
def writing(parts: Parts) -> Iterator[None]:
    """Turn failures of the disk into errors that say what is needed, and how to go on.

    Raises
    ------
    FileError
        As `failures` does.
    """

    def ending(code: int) -> str:
        return "; ".join(filter(None, [_needed(parts, code), parts.kept()]))

    with failures(parts.path, "write", ending):
        yield


def _needed(parts: Parts, code: int) -> str:
    """Say how much room is missing, as far as finished shards tell."""
    record = None
    with suppress(FileError):
        record = parts.record()
    if code not in (*_FULL, errno.EFBIG) or record is None:
        return ""
    whole = _expected(parts, record.plan)
    if code == errno.EFBIG:
        return f"the run will have about {_megabytes(whole)}"
    # what is unfinished goes, and is made again
    there = parts.nbytes() + parts.nbytes("*.tmp")
    if code == errno.ENOSPC:
        there += shutil.disk_usage(parts.folder).free
    more = 2 * whole - there
    return f"about {_megabytes(more)} more are needed" if more > 0 else ""


def _expected(parts: Parts, plan: Plan) -> float:
    """Return about how many bytes a run will have: as its shards, or plain ones."""
    grid, cut = plan.grid, Cut.of(plan)
    nbytes = points = 0
    for index in range(cut.shards):
        with suppress(FileNotFoundError):
            nbytes += parts.shard(index).stat().st_size
            points += sum(grid.tile(tile).size for tile in cut.tiles_of(index))
    return grid.size * nbytes / points if points else plan.nbytes


def _megabytes(nbytes: float) -> str:
    return f"{max(nbytes / 1e6, 0.01):,.2f} MB"
