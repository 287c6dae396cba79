"""Disk space of a sweep: estimates, checks, and messages when it runs out."""

import errno
import math
import resource
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from critdamp.engine.errors import Advice, FileError
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Grid, Tile
from critdamp.engine.maps.plan import Plan

from ..chunks.encoder import ChunkEncoder
from ..shards.contents import held
from ..shards.folder import RunFolder
from ..shards.partition import ShardPartition
from ..shards.record import Record
from ..storage.os_errors import failures
from ..storage.outputs import free_space

_FULL = (errno.ENOSPC, errno.EDQUOT)
# points of a sample tile, and bytes of HDF5 metadata in a file
_SAMPLE, _OVERHEAD = 2**22, 20_000
# bytes of a value of an axis: as a double, and as text in the plan
_OF_A_VALUE = 28
# how long, and how many, tiles are sampled at most
_SECONDS, _MOST = 2.0, 64


@dataclass(frozen=True)
class Estimate:
    """Resources that a sweep needs.

    Attributes
    ----------
    points : number of grid points
    nbytes : size of all maps, uncompressed
    tiles, shards : number of tiles and shards
    stored : size of the run file, if all tiles compress like some of them
    seconds : time of computing and encoding, extrapolated from these, without compiling
    """

    points: int
    nbytes: int
    tiles: int
    shards: int
    stored: float
    seconds: float


def check_room(path: Path, compute: TileComputer, compression: bool) -> None:
    """Raise if the disk or the file size limit has too little room for a sweep.

    At the end the shards and the run exist at the same time. The compression ratio is
    measured on a tile only if the uncompressed maps might not fit.

    Parameters
    ----------
    path : path of the run file
    compute : computes the tiles of the plan
    compression : whether chunks are shuffled and deflated

    Raises
    ------
    FileError
        There is too little room; the message has the sizes needed and available.
    """
    free = free_space(path.parent)
    limit: float = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    limit = free if limit == resource.RLIM_INFINITY else limit
    plan, metadata = compute.plan, _metadata_bytes(compute.plan)
    shards = ShardPartition.of(plan).shards
    uncompressed = plan.nbytes + metadata
    if 2 * uncompressed + shards * metadata <= free and uncompressed <= limit:
        return
    stored = _estimate(compute, compression).stored
    both = 2.0 * stored + shards * metadata
    for needed, available, meaning in (
        (both, free, "are free on the disk"),
        (stored, limit, "is the limit for a file (ulimit -f)"),
    ):
        if needed > available:
            raise FileError(
                f"{path}: needs about {_megabytes(needed)}, {_megabytes(available)} "
                f"{meaning}; make room",
                advice=Advice("force", True, "tries it anyway"),
            )


def estimate(
    plan: Plan, threads: int | None = None, compression: bool = True
) -> Estimate:
    """Return the resources that a sweep needs, measured on some of its tiles.

    Parameters
    ----------
    plan : plan of the sweep
    threads : number of threads, by default all that this process may use
    compression : whether chunks are shuffled and deflated
    """
    return _estimate(TileComputer(plan, threads), compression)


def _estimate(compute: TileComputer, compression: bool) -> Estimate:
    plan, partition = compute.plan, ShardPartition.of(compute.plan)
    with closing(ChunkEncoder(plan, compression, compute.threads)) as encode:
        _warm_up(compute, encode)
        began = time.perf_counter()
        points = encoded = 0
        for tile in _samples(plan.grid):
            encoded += sum(len(chunk.data) for chunk in encode(tile, compute(tile)))
            points += tile.size
            if time.perf_counter() - began > _SECONDS:
                break
        seconds = time.perf_counter() - began
    ratio = plan.grid.size / points
    return Estimate(
        plan.grid.size,
        plan.nbytes,
        partition.tiles,
        partition.shards,
        ratio * encoded + _metadata_bytes(plan),
        ratio * seconds,
    )


def _warm_up(compute: TileComputer, encode: ChunkEncoder) -> None:
    """Compile all that is timed later."""
    plan = compute.plan
    compute.warm_up()
    tile = next(_samples(plan.grid))
    chunk = next(plan.grid.chunks(tile))
    start, stop = zip(*((side.start, side.stop) for side in chunk), strict=True)
    tile = Tile(0, start, stop)
    zeros = {q.name: np.zeros(tile.shape, plan.dtype_of(q)) for q in plan.quantities}
    for _ in encode(tile, zeros):
        pass


def _samples(grid: Grid) -> Iterator[Tile]:
    """Yield some tiles that are spread over the grid, the middle one first."""
    golden = (math.sqrt(5) - 1) / 2
    places = (int((0.5 + i * golden) % 1 * grid.n_tiles) for i in range(_MOST))
    for index in dict.fromkeys(places):
        yield _sample(grid, grid.tile(index))


def _sample(grid: Grid, tile: Tile) -> Tile:
    """Return a tile, reduced to a few whole chunks, one where points are slow."""
    stop, chunk = list(tile.stop), grid.chunk_shape
    most = math.prod(chunk) if grid.small_tiles else _SAMPLE
    for i, start in enumerate(tile.start):
        points = math.prod(b - a for a, b in zip(tile.start, stop, strict=True))
        rows = most * (stop[i] - start) // points
        stop[i] = min(stop[i], start + max(rows - rows % chunk[i], chunk[i]))
    return Tile(tile.index, tile.start, tuple(stop))


def _metadata_bytes(plan: Plan) -> int:
    """Return the approximate size of a run file without its maps."""
    values = sum(len(axis) for axis in plan.axes.values())
    modes = 3 * len(plan.spectrum or ())
    return _OF_A_VALUE * (values + modes) + _OVERHEAD


@contextmanager
def writing(parts: RunFolder) -> Iterator[None]:
    """Convert write errors to messages with the missing space and how to resume.

    Raises
    ------
    FileError
        The block failed with an error of the operating system, of HDF5 or of h5py.
    """

    def ending(code: int) -> str:
        return "; ".join(filter(None, [_needed(parts, code), parts.kept()]))

    with failures(parts.name, "write", ending):
        try:
            yield
        except (KeyError, ValueError) as error:
            # of h5py, where another process writes into the same file
            raise FileError(
                f"{parts}: cannot write it: {error}; if another process is "
                f"writing there, wait for it; {parts.kept()}"
            ) from error


def _needed(parts: RunFolder, code: int) -> str:
    """Return a message on the missing space, empty for errors of other kinds."""
    record = None
    with suppress(FileError):
        record = parts.record()
    if code not in (*_FULL, errno.EFBIG) or record is None:
        return ""
    total = float(record.plan.nbytes)
    with suppress(FileError):
        total = _expected(parts, record)
    if code == errno.EFBIG:
        return f"the run will have about {_megabytes(total)}"
    # temporary files are removed and written again
    available = float(parts.nbytes() + parts.nbytes("*.tmp"))
    if code == errno.ENOSPC:
        available += free_space(parts.folder)
    missing = 2 * total - available
    return f"about {_megabytes(missing)} more are needed" if missing > 0 else ""


def _expected(parts: RunFolder, record: Record) -> float:
    """Return the size of the run in bytes, extrapolated from the finished shards.

    Without finished shards the maps count uncompressed.
    """
    plan, shards = record.plan, held(parts, record).values()
    tiles = [tile for shard in shards for tile in shard.tiles]
    points = sum(plan.grid.tile(tile).size for tile in tiles)
    metadata = _metadata_bytes(plan)
    maps = max(parts.nbytes() - metadata * sum(bool(s.tiles) for s in shards), 0)
    return metadata + (plan.grid.size * maps / points if points else plan.nbytes)


def _megabytes(nbytes: float) -> str:
    return f"{max(nbytes / 1e6, 0.01):,.2f} MB"
