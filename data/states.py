"""How large a sweep is, and how far."""

import resource
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from critdamp.engine.compute import TileComputer
from critdamp.engine.errors import FileError
from critdamp.engine.plan import Plan

from .chunks import ChunkEncoder
from .contents import held
from .parts import Cut, Parts, Record
from .runfile import open_run


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
                f"{path}: needs about {needed / 1e6:,.3g} MB, {there / 1e6:,.3g} MB "
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


def status(path: str | Path) -> Status:
    """Return how far a sweep is, finished or not.

    Raises
    ------
    FileError
        Neither a run nor an unfinished one is there, or it is damaged.
    """
    parts = Parts.of(path)
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


def merged(parts: Parts, record: Record) -> bool:
    """Return whether the run that is there was made of these parts."""
    if not parts.path.exists():
        return False
    try:
        with open_run(parts.path) as found:
            return bool(found.attributes.get("uuid") == record.uuid)
    except FileError:
        return False
