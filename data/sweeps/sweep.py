"""Sweeps as people start, continue and ask after them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from critdamp.engine.callbacks import ignore, never
from critdamp.engine.errors import (
    FileError,
    InputError,
    OutputExistsError,
    PlanChangedError,
)
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Tile
from critdamp.engine.maps.loop import run
from critdamp.engine.maps.plan import Plan

from ..chunks.checksums import DamagedError
from ..formats.provenance import session
from ..formats.run_file import Run, open_run
from ..shards.folder import RunFolder
from ..shards.record import Record
from ..storage.os_errors import failures
from .check import check_file
from .disk_space import Estimate, check_room, estimate, writing
from .live_view import write_live_view
from .merge import Merger, refuse_other
from .recover_record import record_of_shards
from .repair import drop_damaged, mend
from .status import Status, merged, status
from .tile_store import Store

__all__ = ["Estimate", "Status", "estimate", "resume", "status", "sweep"]
Progress = Callable[[int, int], object]
Stop = Callable[[], bool]


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
    """Compute a plan into a run file.

    Parameters
    ----------
    plan : what to compute
    path : of the run file; shards stand in `path`.parts until all are there
    force : replace a run, begin an unfinished one anew, or try where room is short
    threads : by default all that this process may use
    backend : "c", "numba", or "auto" for C where it was built; the bits are the same
    compression : store shuffled and deflated chunks, which every reader reads
    keep_shards : leave the shards beside the run
    command_line : for the provenance
    progress : called after each tile with the points done and all points
    stop : asked after each tile; if it returns True the sweep ends there, resumable

    Returns
    -------
    Run or None
        The opened run, None if it was stopped.

    Raises
    ------
    OutputExistsError, PlanChangedError
        The run, or an unfinished one of this or another plan, is there.
    FileError
        The disk fails; what was finished is safe.
    """
    parts = RunFolder.of(path)
    if parts.path.exists() and not force:
        raise OutputExistsError(f"{path}: exists already; --force replaces it")
    compute = TileComputer(plan, threads, backend)
    with parts.claimed():
        if force:
            with failures(parts.path, "write"):
                parts.clear()
        else:
            _refuse_unfinished(parts, plan)
            check_room(parts.path, compute, compression)
        record = Record(plan, compression, keep_shards, force)
        record.sessions.append(_session(compute, command_line))
        return _go_on(parts, record, compute, progress, stop)


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
    """Compute what a sweep that was stopped or killed has left to do.

    Tiles whose bytes have changed since, in shards or in the finished run, are computed
    again.

    Parameters
    ----------
    path : of the run file that is to be
    plan : if given, has to be the one that the sweep began with
    threads, backend, command_line, progress, stop : as for `sweep`

    Returns
    -------
    Run or None
        The opened run, None if it was stopped.

    Raises
    ------
    InputError
        Nothing unfinished is there.
    PlanChangedError
        The plan is another one.
    FileError
        The disk fails, or a file is damaged.
    """
    parts = RunFolder.of(path)
    if not (parts.begun or parts.strays() or parts.path.exists()):
        raise InputError(_nothing(parts))
    with parts.claimed():
        record = _record(parts)
        if record is None:
            return _mended(parts, plan, threads, backend)
        if plan is not None:
            _refuse_other_plan(parts, record.plan, plan)
        if merged(parts, record):
            if not record.keep_shards:
                with failures(parts.path, "write"):
                    parts.clear()
                return open_run(path)
            if not check_file(path):
                raise InputError(_nothing(parts))
            drop_damaged(parts, record)
        refuse_other(parts, record)
        compute = TileComputer(record.plan, threads, backend)
        record.sessions.append(_session(compute, command_line))
        try:
            return _go_on(parts, record, compute, progress, stop)
        except DamagedError:  # merging reads all shards; only then it pays to look
            with writing(parts):
                drop_damaged(parts, record)
            return _go_on(parts, record, compute, progress, stop)


def _record(parts: RunFolder) -> Record | None:
    """Return what a sweep began with; from its shards, if its own record is damaged."""
    try:
        record = parts.record()
        if record is not None or not parts.strays():
            return record
        raise FileError(f"{parts.folder}: shards are there without their plan.json")
    except FileError:
        recovered = record_of_shards(parts)
        if recovered is None:
            raise
        return recovered


def _go_on(
    parts: RunFolder,
    record: Record,
    compute: TileComputer,
    progress: Progress | None,
    stop: Stop | None,
) -> Run | None:
    with writing(parts):
        parts.drop_unfinished()
        parts.save(record)
        write_live_view(parts, record)
    with Merger(parts, record) as merger:
        with Store(parts, record, compute.threads, merger.add) as store:
            missing = list(store.missing())
            report = _reporter(record.plan, missing, progress or ignore)
            stop = stop or never
            if not run(missing, compute, store.write, stop=stop, progress=report):
                return None
        with writing(parts):
            merger.finish()
    with writing(parts):
        if not record.keep_shards:
            parts.clear()
    return open_run(parts.path)


def _session(compute: TileComputer, command_line: str | None) -> dict[str, Any]:
    return session(command_line, compute.threads, compute.backend)


def _reporter(
    plan: Plan, missing: list[Tile], progress: Progress
) -> Callable[[Tile], None]:
    done = plan.grid.size - sum(tile.size for tile in missing)

    def report(tile: Tile) -> None:
        nonlocal done
        done += tile.size
        progress(done, plan.grid.size)

    return report


def _refuse_unfinished(parts: RunFolder, plan: Plan) -> None:
    if parts.strays():
        raise InputError(
            f"{parts.folder}: shards without their plan.json are there; "
            f"go on with them: {parts.resume}, or begin anew with --force"
        )
    record = parts.record()
    if record is None:
        return
    _refuse_other_plan(parts, record.plan, plan)
    raise OutputExistsError(
        f"{parts.path}: an unfinished sweep of this plan is there; "
        f"{parts.kept()}, or begin anew with --force"
    )


def _refuse_other_plan(parts: RunFolder, known: Plan, plan: Plan) -> None:
    if known.sha256 == plan.sha256:
        return
    changes = "; ".join(known.difference(plan))
    what = "an unfinished sweep" if parts.begun else "a run"
    raise PlanChangedError(
        f"{parts.path}: {what} of another plan is there ({changes}); "
        f"{parts.kept() or 'leave out the plan'}, or begin anew with --force"
    )


def _mended(
    parts: RunFolder, plan: Plan | None, threads: int | None, backend: str
) -> Run:
    """Return a finished run whose damaged blocks were computed again."""
    if not parts.path.exists():
        raise InputError(_nothing(parts))
    with open_run(parts.path) as run:
        if plan is not None:
            _refuse_other_plan(parts, run.plan, plan)
        damage = check_file(parts.path)
        if not damage:
            raise InputError(_nothing(parts))
        computer = partial(TileComputer, run.plan, threads, backend)
        mend(run, damage, computer, parts.temporary)
    return open_run(parts.path)


def _nothing(parts: RunFolder) -> str:
    if parts.path.exists():
        open_run(parts.path).close()
        return f"{parts.path}: complete already, nothing to resume"
    return f"{parts.path}: no unfinished sweep is there"
