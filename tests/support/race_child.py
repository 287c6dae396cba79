"""Processes that sweep one run at once; see test_races.py.

A request is a list of orders, as JSON in a line. Each order is for a process of its
own, forked from this one, in which all is imported. The answer is a list with exit code
and message of each. Processes stop and die at random calls that change files; those
that stopped go on after a while.
"""

import errno
import itertools
import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import small

from critdamp.data.chunks.deflate import shuffle
from critdamp.data.exports.export import export
from critdamp.data.formats.run_file import open_run
from critdamp.data.shards.folder import RunFolder
from critdamp.data.storage import lock_file
from critdamp.data.sweeps import tile_store
from critdamp.data.sweeps.check import check_file
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume, sweep
from critdamp.engine.errors import CritdampError, FileError

REFUSED, FAILED = 1, 70
# calls that change files, or look at them, before which a process may stop or die
CALLS = ("link", "mkdir", "open", "replace", "rmdir", "unlink", "utime", "fsync")


# what is swept and, in a crowd, what replaces it
PLANS = {"one": {}, "other": {"tol": 1e-3}}


# of the first order, how all of them are watched
HOW_ENDED = ("seed", "patience", "stop_at")
# what an order says unless it says otherwise
DEFAULTS = {
    "seed": 1,
    "refuse": {},
    "kernel": "",
    "lost": 0,
    "shard_seconds": 60.0,
    "late": 0,
    "kill": 0,
    "stop": 0,
    "stop_at": 0,
    "links": True,
    "after": "",
    "wait": 0,
    "patience": 400.0,
}


def main() -> None:
    """Answer each request on stdin."""
    for module, name, value in small.SETTINGS:
        setattr(module, name, value)
    # with the first kernel, whichever it is, Numba imports half of itself
    shuffle(np.zeros(1, np.int64), np.zeros((8, 1), np.uint8))
    for line in sys.stdin:
        orders = json.loads(line)
        children = {}
        for order in orders:
            child = os.fork()
            if not child:
                os._exit(process(order))
            children[child] = order["said"]
        codes = ends(children, **{name: orders[0][name] for name in HOW_ENDED})
        print(json.dumps([[codes[one], read(said)] for one, said in children.items()]))
        sys.stdout.flush()


def read(path):
    """Return what a process has said."""
    return Path(path).read_text() if Path(path).exists() else ""


def ends(children, seed, patience, stop_at):
    """Return how each child ended.

    Those that are stopped go on after a while; one that stops at a certain call, after
    all others ended.
    """
    rng, until = random.Random(seed), time.monotonic() + patience
    codes, stopped = {}, {}
    while len(codes) < len(children):
        if time.monotonic() > until:
            for child in set(children) - set(codes):
                os.kill(child, signal.SIGKILL)
        for child in set(children) - set(codes):
            found, state = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
            if found and os.WIFSTOPPED(state):
                stopped[child] = time.monotonic() + rng.uniform(0.1, 1.0)
                for what in ("stopped", "halted"):
                    Path(f"{children[child]}.{what}").touch()
            elif found:
                codes[child] = os.waitstatus_to_exitcode(state)
                Path(f"{children[child]}.halted").touch()
            elif stopped.get(child, np.inf) < time.monotonic() and (
                not stop_at or len(codes) == len(children) - 1
            ):
                del stopped[child]
                os.kill(child, signal.SIGCONT)
        time.sleep(0.003)
    return codes


def process(order):
    """Do what an order says; return an exit code."""
    try:
        prepare(order)
        globals()[order["how"]](order)
        return 0
    except CritdampError as error:
        Path(order["said"]).write_text(f"{type(error).__name__}: {error}")
        return REFUSED
    except BaseException:
        Path(order["said"]).write_text(traceback.format_exc())
        return FAILED


def prepare(order):
    """Set what an order says of locks, clocks and hosts, and shake what it does."""
    os.environ["REFUSE_UNDER"] = str(Path(order["path"]).parent)
    for name, value in order["refuse"].items():
        os.environ[f"REFUSE_{name}"] = value
    if order["kernel"]:
        lock_file._kernel = lambda: order["kernel"]
    if order["lost"]:
        lock_file._BEAT, lock_file._LOST = order["lost"] / 10, order["lost"]
    tile_store.SHARD_SECONDS = order["shard_seconds"]
    if not order["links"]:
        os.link = refused
    rng, calls = random.Random(order["seed"]), itertools.count(1)
    for name in CALLS:
        setattr(os, name, shaken(getattr(os, name), rng, order, calls))
    time.sleep(rng.uniform(0, order["late"]))
    if order["after"]:
        while not Path(order["after"]).exists():
            time.sleep(0.01)
        time.sleep(1.5 * order["lost"])


def refused(*_given, **_named):
    """Refuse as file systems do that have no links."""
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def shaken(call, rng, order, calls):
    """Return a call before which its process waits, stops or dies now and then."""
    folder = str(Path(order["path"]).parent)

    def shaken(*given, **named):
        if any(str(one).startswith(folder) for one in given) and (
            next(calls) == order["stop_at"]
        ):
            os.kill(os.getpid(), signal.SIGSTOP)
        what = rng.random() - order["kill"]
        if what < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if what < order["stop"]:
            os.kill(os.getpid(), signal.SIGSTOP)
        elif what < 0.2:
            time.sleep(rng.uniform(0, order["wait"]))
        return call(*given, **named)

    return shaken


def compare(run, order):
    """Compare a finished run with an undisturbed one of its plan."""
    with open_run(order["whole"][run.plan.sha256]) as whole:
        for name in run.quantities:
            assert run[name][()].tobytes() == whole[name][()].tobytes(), name


def ended(run, order):
    """Compare a run that a sweep ended with; it is at its place by then."""
    with run:
        compare(run, order)
        assert Path(order["path"]).exists()


def begin(order):
    """Sweep."""
    ended(sweep(small.few_tiles(), order["path"], threads=1), order)


def force(order):
    """Sweep, whatever is there."""
    ended(sweep(small.few_tiles(), order["path"], threads=1, force=True), order)


def go_on(order):
    """Resume."""
    ended(resume(order["path"], threads=1), order)


def take_over(order):
    """Go on with what another process left, or begin."""
    if RunFolder(Path(order["path"])).begun:
        go_on(order)
    elif not Path(order["path"]).exists():
        begin(order)


def begin_other(order):
    """Begin another sweep in its place, and stop it after some tiles."""
    plan = small.few_tiles(**PLANS["other"])
    left = iter([False] * 4)
    given = {"threads": 1, "force": True, "stop": lambda: next(left, True)}
    assert sweep(plan, order["path"], **given) is None
    Path(order["said"]).write_text(f"{status(order['path']).done}")


def meet(order):
    """Do one thing in a folder that others prepared."""
    path = order["path"]
    if order["act"] == "view":
        open_run(RunFolder(Path(path)).live).close()
    elif order["act"] in ("status", "check_file"):
        globals()[order["act"]](path)
    elif order["act"] == "resume":
        resume(path, threads=1).close()
    else:
        sweep(small.few_tiles(), path, threads=1, force=order["act"] == "force").close()


def crowd(order):
    """Do anything for a while, and count what was done and what was refused."""
    rng, ends = random.Random(order["seed"]), time.monotonic() + order["seconds"]
    counts = {}
    while time.monotonic() < ends:
        what = rng.choice(ANYTHING)
        try:
            what(order, rng)
            said = "done"
        except CritdampError as error:
            said = f"{type(error).__name__}"
            if what in READERS and "damaged" in f"{error}":
                raise AssertionError(f"{what.__name__}: {error}") from error
        key = f"{what.__name__}, {said}"
        counts[key] = counts.get(key, 0) + 1
    Path(order["said"]).write_text(json.dumps(counts))


def stopping(rng):
    """Return a `stop` that says yes after some tiles, or not at all."""
    left = iter([False] * rng.randrange(12))
    return lambda: next(left, True)


def any_sweep(order, rng):
    """Sweep one of the plans, with force or without, to the end or not."""
    plan = small.few_tiles(**PLANS[rng.choice(list(PLANS))])
    given = {"threads": 1, "force": rng.random() < 0.5, "stop": stopping(rng)}
    run = sweep(plan, order["path"], keep_shards=rng.random() < 0.2, **given)
    if run is not None:
        with run:
            compare(run, order)


def any_resume(order, rng):
    """Go on with what is there, to the end or not."""
    run = resume(order["path"], threads=1, stop=stopping(rng))
    if run is not None:
        with run:
            compare(run, order)


def look(order, _rng):
    """Ask for the status."""
    found = status(order["path"])
    assert found.done <= found.tiles
    assert found.complete == (found.done == found.tiles) or not found.complete


def verify(order, _rng):
    """Check all that is there."""
    damage = check_file(order["path"])
    assert not damage, [(one.path, f"{one}") for one in damage]


def open_and_read(order, _rng):
    """Read the run."""
    with open_run(order["path"]) as run:
        compare(run, order)


def export_and_read(order, rng):
    """Export the run, and read what was written."""
    target = Path(order["said"]).with_suffix(".npz")
    export(Path(order["path"]), target, force=rng.random() < 0.9)
    with np.load(target) as found:
        whole = []
        for path in order["whole"].values():
            with open_run(path) as run:
                names = run.quantities
                whole.append({name: run[name][()].tobytes() for name in names})
        assert {name: found[name].tobytes() for name in names} in whole


def view(order, _rng):
    """Read the live view: what is there is right, and all else is missing."""
    with (
        open_run(RunFolder(Path(order["path"])).live) as run,
        open_run(order["whole"][run.plan.sha256]) as whole,
    ):
        for name in run.quantities:
            try:
                values = run[name][()]
            except OSError as error:  # of HDF5, if a shard goes while it opens that
                raise FileError(f"{run.path}: cannot read it: {error}") from error
            right = whole[name][()]
            there = ~np.isnan(values)
            assert values[there].tobytes() == right[there].tobytes(), name


READERS = (look, verify, open_and_read, export_and_read, view)
ANYTHING = (*READERS, any_sweep, any_sweep, any_resume, any_resume, any_resume)


if __name__ == "__main__":
    main()
