"""How much room a sweep takes, and what is said where there is too little."""

import errno
import math
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from critdamp.engine.errors import FileError
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Grid, Tile
from critdamp.engine.maps.plan import Plan

from ..chunks.encoder import ChunkEncoder
from ..shards.contents import held
from ..shards.folder import RunFolder
from ..shards.partition import ShardPartition
from ..shards.record import Record
from ..storage.os_errors import failures

_FULL = (errno.ENOSPC, errno.EDQUOT)
# points that are tried, and what HDF5 needs for names and attributes
_SAMPLE, _OVERHEAD = 2**22, 20_000


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
    plan, described = compute.plan, _described(compute.plan)
    plain = plan.nbytes + described
    if 2 * plain + ShardPartition.of(plan).shards * described <= free and plain <= most:
        return
    stored = _estimate(compute, compression).stored
    both = 2.0 * stored + ShardPartition.of(plan).shards * described
    for needed, there, what in (
        (both, free, "are free on the disk"),
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
    plan, cut = compute.plan, ShardPartition.of(compute.plan)
    encode = ChunkEncoder(plan, compression, compute.threads)
    tile = _sample(plan.grid)
    compute(tile)  # compiles
    began = time.perf_counter()
    packed = sum(len(chunk.data) for chunk in encode(tile, compute(tile)))
    times = plan.grid.size / tile.size
    seconds = times * (time.perf_counter() - began)
    encode.close()
    size, nbytes = plan.grid.size, plan.nbytes
    stored = times * packed + _described(plan)
    return Estimate(size, nbytes, cut.tiles, cut.shards, stored, seconds)


def _sample(grid: Grid) -> Tile:
    """Return the tile in the middle, or some of its chunks where it is a large one."""
    tile = grid.tile(grid.n_tiles // 2)
    stop, side = list(tile.stop), grid.chunk_shape
    for i, start in enumerate(tile.start):
        rest = math.prod(b - a for a, b in zip(tile.start, stop, strict=True))
        rows = _SAMPLE * (stop[i] - start) // rest
        stop[i] = min(stop[i], start + max(rows - rows % side[i], side[i]))
    return Tile(tile.index, tile.start, tuple(stop))


def _described(plan: Plan) -> int:
    """Return about how many bytes a file has beside its maps."""
    axes = sum(axis.values.nbytes for axis in plan.axes.values())
    return len(plan.to_json()) + axes + _OVERHEAD


@contextmanager
def writing(parts: RunFolder) -> Iterator[None]:
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


def _needed(parts: RunFolder, code: int) -> str:
    """Say how much room is missing, as far as finished shards tell."""
    record = None
    with suppress(FileError):
        record = parts.record()
    if code not in (*_FULL, errno.EFBIG) or record is None:
        return ""
    whole = float(record.plan.nbytes)
    with suppress(FileError):
        whole = _expected(parts, record)
    if code == errno.EFBIG:
        return f"the run will have about {_megabytes(whole)}"
    # what is unfinished goes, and is made again
    there = parts.nbytes() + parts.nbytes("*.tmp")
    if code == errno.ENOSPC:
        there += shutil.disk_usage(parts.folder).free
    more = 2 * whole - there
    return f"about {_megabytes(more)} more are needed" if more > 0 else ""


def _expected(parts: RunFolder, record: Record) -> float:
    """Return about how many bytes a run will have: as its shards, or plain ones."""
    plan, shards = record.plan, held(parts, record).values()
    tiles = [tile for shard in shards for tile in shard.tiles]
    points = sum(plan.grid.tile(tile).size for tile in tiles)
    described = _described(plan)
    maps = max(parts.nbytes() - described * sum(bool(s.tiles) for s in shards), 0)
    return described + (plan.grid.size * maps / points if points else plan.nbytes)


def _megabytes(nbytes: float) -> str:
    return f"{max(nbytes / 1e6, 0.01):,.2f} MB"
