"""Start and resume sweeps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Unpack, overload

from critdamp.engine.callbacks import ignore, never
from critdamp.engine.errors import InputError
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Tile
from critdamp.engine.maps.loop import run
from critdamp.engine.maps.plan import Plan

from ..chunks.checksums import DamagedError
from ..formats.provenance import session
from ..formats.run_file import Run, open_run
from ..shards.folder import START_OVER, RunFolder
from ..shards.record import Record
from ..storage.os_errors import failures
from ..storage.outputs import check_output
from .check import Damage, check_file, of_run
from .disk_space import Estimate, check_room, estimate, writing
from .live_view import write_live_view
from .merge import Merger, refuse_other
from .options import Progress, ResumeOptions, Stop, SweepOptions
from .recover_record import record_of_shards
from .refusals import refuse_other_plan, refuse_unfinished
from .repair import drop_damaged, mend
from .status import Status, merged, status
from .tile_store import Store

__all__ = ["Estimate", "Status", "estimate", "resume", "status", "sweep"]


# without `stop` there is always a run
@overload
def sweep(
    plan: Plan, path: str | Path, *, stop: None = None, **options: Unpack[SweepOptions]
) -> Run: ...
@overload
def sweep(
    plan: Plan, path: str | Path, *, stop: Stop | None, **options: Unpack[SweepOptions]
) -> Run | None: ...
def sweep(
    plan: Plan,
    path: str | Path,
    *,
    force: bool = False,
    threads: int | None = None,
    backend: str = "auto",
    compression: bool = True,
    keep_shards: bool = False,
    command_line: str | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Run | None:
    """Compute a plan and write its run file.

    Parameters
    ----------
    plan : plan to compute
    path : path of the run file; shards are in `path`.parts until the run is finished
    force : replace a run, discard an unfinished sweep, and skip the check of disk space
    threads : number of threads, by default all that this process may use
    backend : "c", "numba", or "auto" for C if it was built; the bits are the same
    compression : shuffle and deflate chunks with filters that every HDF5 reader has
    keep_shards : keep the shards beside the finished run
    command_line : command for the provenance
    progress : called at the start, after each tile, and within tiles that take long,
        with the number of computed and of all points
    stop : called after each tile, and within tiles that take long; if it returns True
        the sweep stops without the open tile, and can be resumed

    Returns
    -------
    Run or None
        The opened run, None if the sweep was stopped.

    Raises
    ------
    OutputExistsError
        The run exists, or an unfinished sweep of this plan.
    PlanChangedError
        An unfinished sweep of another plan exists.
    InputError
        The path is not a file, or there are shards without their record.
    FileError
        A file cannot be written; finished shards are safe.
    """
    parts = RunFolder.of(path)
    check_output(parts.name, force)
    compute = TileComputer(plan, threads, backend)
    with parts.claimed() as parts:
        check_output(parts.name, force)  # another process may have finished meanwhile
        if force:
            with failures(parts.name, "write"):
                parts.clear()
        else:
            refuse_unfinished(parts, plan)
            check_room(parts.name, compute, compression)
        replaces = parts.identity() if force else ""
        record = Record(plan, compression, keep_shards, replaces)
        record.sessions.append(_session(compute, command_line))
        return _continue(parts, record, compute, progress, stop)


@overload
def resume(
    path: str | Path,
    plan: Plan | None = None,
    *,
    stop: None = None,
    **options: Unpack[ResumeOptions],
) -> Run: ...
@overload
def resume(
    path: str | Path,
    plan: Plan | None = None,
    *,
    stop: Stop | None,
    **options: Unpack[ResumeOptions],
) -> Run | None: ...
def resume(
    path: str | Path,
    plan: Plan | None = None,
    *,
    threads: int | None = None,
    backend: str = "auto",
    command_line: str | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Run | None:
    """Compute the tiles that a stopped or killed sweep has not finished.

    Tiles with changed bytes, in shards or in a finished run, are computed again. If
    nothing is missing the run is opened, and `progress` is not called.

    Parameters
    ----------
    path : path of the run file
    plan : if given, has to be the plan of the sweep
    threads, backend, command_line, progress, stop : as for `sweep`

    Returns
    -------
    Run or None
        The opened run, None if the sweep was stopped.

    Raises
    ------
    InputError
        There is nothing to resume.
    PlanChangedError
        The plan is not the one of the sweep.
    FileError
        A file cannot be written, or is damaged beyond repair.
    """
    parts = RunFolder.of(path)
    if not (parts.begun or parts.strays() or parts.path.exists()):
        raise InputError(f"{parts}: no unfinished sweep is there")
    with parts.claimed() as parts:
        record = _record(parts)
        if record is None:
            computer = partial(TileComputer, threads=threads, backend=backend)
            return _repaired(parts, plan, computer, progress or ignore, stop or never)
        if plan is not None:
            refuse_other_plan(parts, record.plan, plan)
        if merged(parts, record):
            damage = check_file(parts.name) if record.keep_shards else _damage(parts)
            if not damage:
                return _without_shards(parts, record)
            with writing(parts):
                drop_damaged(parts, record)
        refuse_other(parts, record)
        compute = TileComputer(record.plan, threads, backend)
        record.sessions.append(_session(compute, command_line))
        try:
            return _continue(parts, record, compute, progress, stop)
        except DamagedError:  # merging reads all shards, so they are checked only now
            with writing(parts):
                drop_damaged(parts, record)
            return _continue(parts, record, compute, progress, stop)


def _record(parts: RunFolder) -> Record | None:
    """Return the record of the sweep, recovered from the shards if it is damaged."""
    try:
        record = parts.record()
        if record is not None or not parts.strays():
            return record
        raise DamagedError(
            f"{parts.shown(parts.folder)}: shards are there without their plan.json"
        )
    except DamagedError:
        recovered = record_of_shards(parts)
        if recovered is None:
            raise DamagedError(
                f"{parts.shown(parts.folder)}: neither plan.json nor a shard is intact",
                advice=START_OVER,
            ) from None
        return recovered


def _continue(
    parts: RunFolder,
    record: Record,
    compute: TileComputer,
    progress: Progress | None,
    stop: Stop | None,
) -> Run | None:
    """Compute the missing tiles, merge the shards, and return the opened run.

    The shards go when the run was read back.
    """
    with writing(parts):
        parts.save(record)
        write_live_view(parts, record)
    with Merger(parts, record) as merger:
        with Store(parts, record, compute.threads, merger.add) as store:
            missing = list(store.missing())
            if missing:
                compute.warm_up()
            report = _reporter(record.plan, missing, progress or ignore)
            stop = stop or never
            if not run(missing, compute, store.write, stop=stop, progress=report):
                return None
        with writing(parts):
            merger.finish()
    if _damage(parts):
        raise DamagedError(f"{parts}: what was written reads otherwise; {parts.kept()}")
    return _without_shards(parts, record)


def _damage(parts: RunFolder) -> list[Damage]:
    with open_run(parts.name) as run:
        return of_run(run)


def _without_shards(parts: RunFolder, record: Record) -> Run:
    """Remove the shards of a finished run unless they are kept; return the run."""
    if not record.keep_shards:
        with writing(parts):
            parts.clear()
    return open_run(parts.name)


def _session(compute: TileComputer, command_line: str | None) -> dict[str, Any]:
    return session(command_line, compute.threads, compute.backend)


def _reporter(
    plan: Plan, missing: list[Tile], progress: Progress
) -> Callable[[int], None]:
    """Report the points that are there; return a function that reports later ones."""
    there = plan.grid.size - sum(tile.size for tile in missing)

    def report(computed: int) -> None:
        progress(there + computed, plan.grid.size)

    report(0)
    return report


def _repaired(
    parts: RunFolder,
    plan: Plan | None,
    computer: Callable[[Plan], TileComputer],
    progress: Progress,
    stop: Stop,
) -> Run | None:
    """Return a finished run, of which damaged blocks were computed again."""
    with open_run(parts.name) as run:
        if plan is not None:
            refuse_other_plan(parts, run.plan, plan)
        damage = check_file(parts.name)
        if damage:
            compute = partial(computer, run.plan)
            if not mend(run, damage, compute, parts, progress, stop):
                return None
    return open_run(parts.name)
