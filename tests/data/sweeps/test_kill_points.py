"""Killed before any change that it makes to files, a sweep loses nothing.

`killer.c` counts the calls of a process that change files, and kills it before the
n-th. Here n is every k-th number from a random one on, and the last ones;
CRITDAMP_TEST_KILLS_EVERY=1 takes all of them, in some minutes.
"""

import json
import random
import shutil
import signal
from pathlib import Path

import effort
import pytest
import shims
import small

from critdamp.data.formats.run_file import open_run
from critdamp.data.shards.folder import RunFolder
from critdamp.data.shards.partition import ShardPartition
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume, sweep

pytestmark = pytest.mark.crash

EVERY = effort.number("KILLS_EVERY", 60, 20)
HERE = Path(__file__).parent
BEGUN, LAST = 4, 8
LAST_LEFT = ("run.h5", "writer", "plan.json.")


@pytest.fixture
def ends(tmp_path):
    """Return what has sweeps killed, and yields how each one ended."""
    process = shims.preloaded(HERE / "killer.c", tmp_path, HERE / "kill_child.py")

    def ask(how, plan, before, points):
        request = how, plan.to_dict(), str(before), list(points)
        print(json.dumps(request), file=process.stdin, flush=True)
        for point in points:
            yield point, int(process.stdout.readline())

    with process:
        yield ask
        process.kill()


@pytest.fixture
def facts(bits):
    """Return what reads all that a run says of its maps."""

    def read(path):
        with open_run(path) as run:
            return bits(path), [run.summary(name) for name in run.quantities]

    return read


def kill_points(changes):
    """Return every k-th call and the last ones, each of which leaves another state."""
    stop = changes + 1
    first = random.randint(1, min(EVERY, changes))
    return sorted({*range(first, stop, EVERY), *range(stop - LAST, stop)})


def prepare(how, path, plan, other, stop_after):
    """Make what a sweep finds: a run, a sweep that was begun, both, or nothing."""
    path.parent.mkdir()
    if how == "force":
        sweep(other, path).close()
    if how != "sweep":
        sweep(plan, path, force=True, stop=stop_after(BEGUN))
        (RunFolder(path).folder / "shard-0000.h5.0.tmp").touch()


def state(path):
    """Return how far the sweep is; None if none began, and no map is there."""
    if path.exists() or RunFolder(path).begun:
        return status(path)
    assert not list(path.parent.rglob("*.h5"))
    return None


def lost(path, whole, done):
    """Return how many tiles differ, of those that count as done, in the live view."""
    if not done:
        return 0
    with open_run(RunFolder(path).live) as view, open_run(whole) as run:
        tiles = map(run.plan.grid.tile, range(run.plan.grid.n_tiles))
        kept = [
            all(view[q][at].tobytes() == run[q][at].tobytes() for q in run.quantities)
            for at in (tile.slices for tile in tiles)
        ]
    return done - sum(kept)


def finish(path, plan):
    """Go on as people do after a kill; return how many tiles that took."""
    seen = set()
    given = {"progress": lambda done, _total: seen.add(done)}
    if RunFolder(path).begun:
        resume(path, plan, **given).close()
    elif not (path.exists() and status(path).sha256 == plan.sha256):
        sweep(plan, path, force=path.exists(), **given).close()
    return max(len(seen) - 1, 0)


@pytest.mark.parametrize("how", ["sweep", "resume", "force"])
@pytest.mark.usefixtures("plan")
def test_killed_before_any_change(tmp_path, ends, facts, stop_after, counts, how):
    plan, other = small.few_tiles(), small.few_tiles(tol=1e-3)
    assert (
        plan.grid.n_tiles,
        ShardPartition.of(plan).each,
        ShardPartition.of(plan).shards,
    ) == (7, 3, 3)
    whole, before = tmp_path / "whole.h5", tmp_path / "before"
    sweep(plan, whole).close()
    sweep(other, tmp_path / "other.h5").close()
    new, old = facts(whole), facts(tmp_path / "other.h5")
    prepare(how, before / "run.h5", plan, other, stop_after)
    assert list(ends(how, plan, before, [0])) == [(0, 0)]
    changes = int((tmp_path / "before.count").read_text())
    points = kill_points(changes)
    missed = resumed = 0
    for point, code in ends(how, plan, before, points):
        assert code == -signal.SIGKILL
        path = tmp_path / str(point) / "run.h5"
        assert path.exists() or how != "force"
        assert not path.exists() or facts(path) in (new, old)
        now = state(path)
        done = now.done if now and now.sha256 == plan.sha256 else 0
        assert done >= BEGUN or how != "resume"
        if now and not now.complete:
            missed += lost(path, whole, done)
            resumed += done > 0
        assert finish(path, plan) == plan.grid.n_tiles - done
        assert facts(path) == new
        left = {file.name for file in path.parent.rglob("*") if file.is_file()}
        # the lock is held until the record has gone: a kill behind that leaves its file
        assert not {name for name in left if not name.startswith(LAST_LEFT)}
        shutil.rmtree(path.parent)
    text = f"{len(points)} of {changes} tried, {missed} tiles lost, {resumed} resumed"
    counts(f"kill points of {how}", text)
    assert not missed
