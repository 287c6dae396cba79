"""Readers of input from anywhere, and whether they answer as they should.

Run as a script, it answers inputs with little memory, so that a crash, a hang or a
greedy allocation is seen as what it is.
"""

import faulthandler
import functools
import json
import re
import resource
import shutil
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

import seeds

from critdamp.cli.arguments.plans import make_plan
from critdamp.data.exports.columns import open_columns
from critdamp.data.formats.run_file import open_run
from critdamp.data.formats.spectrum_file import load_spectrum
from critdamp.data.inputs.axis_syntax import read_axis
from critdamp.data.inputs.matrix_files import read_matrix, read_vector
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.data.inputs.schedule_syntax import read_schedule
from critdamp.data.inputs.text_table import Layout
from critdamp.data.shards.folder import RunFolder
from critdamp.data.sweeps.check import check_file
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume
from critdamp.engine.errors import CritdampError

MEMORY, SECONDS = 2**30, 5.0
# a hang or a crash inside of libhdf5 itself
LIBHDF5 = re.compile(r"\(most recent call first\):\n  File \"[^\"]*/h5py/")


def _axis(data, folder):
    text = data.decode("utf-8", "surrogateescape")
    yield lambda: read_axis(text, folder=folder)
    yield lambda: read_axis(text, folder=folder, spectra=True)


def _schedule(data, folder):
    yield lambda: read_schedule(data.decode("utf-8", "surrogateescape"), 3, folder)


def _plan(data, folder):
    (folder / "plan.toml").write_bytes(data)
    yield lambda: make_plan(folder / "plan.toml", {}, quiet=True)


def _matrix(suffix, data, folder):
    path = folder / f"m{suffix}"
    path.write_bytes(data)
    yield lambda: read_matrix(path)
    yield lambda: read_vector(path)
    for known in ((True, True), (True, False), (False, True), (False, False)):
        yield functools.partial(read_matrix, path, Layout(*known))
    for meaning in ("auto", "eigenvalues", "design"):
        yield functools.partial(read_spectrum, path, meaning)
    yield lambda: read_spectrum(path, per_weight=True)
    if suffix == ".npy":
        yield lambda: read_axis(f"@{path}")


def _run(data, folder):
    path = folder / "run.h5"
    path.write_bytes(data)
    for what in ("attributes", "summary", "meaning", "at"):
        yield functools.partial(_part, path, what)
    yield lambda: status(path)
    yield lambda: check_file(path)
    yield functools.partial(_columns, path)
    yield lambda: load_spectrum(path)
    yield lambda: read_matrix(path)


def _columns(path):
    with open_columns(path) as columns:
        return next(columns.blocks(columns.scales))


def _part(path, what):
    with open_run(path) as run:
        if what == "attributes":
            return run.attributes, repr(run)
        if what == "at":
            return run.at(**{name: float(a.values[0]) for name, a in run.axes.items()})
        more = [1.0] if what == "meaning" else []
        return [getattr(run, what)(name, *more) for name in run.quantities]


def _spectrum(data, folder):
    path = folder / "s.h5"
    path.write_bytes(data)
    yield lambda: load_spectrum(path).summary()
    yield lambda: read_spectrum(path)
    yield lambda: read_axis(f"@{path}", spectra=True)
    yield lambda: read_matrix(path)
    yield functools.partial(_columns, path)
    yield lambda: open_run(path)


def _record(data, folder):
    shutil.copytree(folder.parent / "begun.h5.parts", folder / "run.h5.parts")
    (folder / "run.h5.parts" / "plan.json").write_bytes(data)
    yield lambda: status(folder / "run.h5")
    yield lambda: open_run(folder / "run.h5")
    yield lambda: resume(folder / "run.h5", threads=1, stop=lambda: True)


def _shard(data, folder):
    path = folder / "run.h5"
    shutil.copytree(folder.parent / "begun.h5.parts", RunFolder(path).folder)
    RunFolder(path).shard(0).write_bytes(data)
    yield lambda: status(path)
    yield lambda: check_file(path)
    yield lambda: resume(path, threads=1).close()


READERS = {
    "axis": _axis,
    "schedule": _schedule,
    "plan": _plan,
    "run": _run,
    "spectrum": _spectrum,
    "record": _record,
    "shard": _shard,
}


def answer(kind, data, folder):
    """Return what is wrong with how readers of a kind answer to bytes, or nothing.

    Small files that need much memory are wrong, however well that is said.
    """
    reader = READERS.get(kind) or functools.partial(_matrix, kind)
    for step in reader(data, folder):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                step()
            except CritdampError as error:
                while error.__cause__ is not None:
                    error = error.__cause__
                if isinstance(error, MemoryError):
                    return f"greedy: {traceback.format_exception(error)}"
            except BaseException:
                return traceback.format_exc()
        if said:
            return f"warned: {said[0]}"
    return ""


def confine(base):
    """Let this process have little more memory than it has when all is compiled."""
    faulthandler.enable()
    read_spectrum("digits-softmax")
    answer(".npy", seeds.of(".npy")[0], Path(tempfile.mkdtemp(dir=base)))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main():
    """Answer inputs, each a line of JSON, until there is no more."""
    base = Path(sys.argv[1])
    confine(base)
    for line in sys.stdin:
        kind, data = json.loads(line)
        folder = Path(tempfile.mkdtemp(dir=base))
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        wrong = answer(kind, bytes.fromhex(data), folder)
        faulthandler.cancel_dump_traceback_later()
        print(json.dumps(wrong), flush=True)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
