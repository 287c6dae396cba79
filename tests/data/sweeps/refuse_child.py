"""Read, check and resume a run while the system refuses calls; see test_refusals.py.

A request is (folder, calls, errno, name of a function) as JSON in a line; the answer is
what the function returned, or the name and the message of what it raised.
"""

import json
import os
import sys
from pathlib import Path

import small

from critdamp.data.formats.run_file import open_run
from critdamp.data.storage import lock_file
from critdamp.data.sweeps.check import check_file
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume


def done(path):
    """Return how many tiles count as done."""
    return status(path).done


def damaged(path):
    """Return how many blocks are damaged."""
    return len(check_file(path))


def resumed(path):
    """Resume a sweep, and say that it ended."""
    resume(path).close()
    return "resumed"


def opened(path):
    """Open a finished run and read a map."""
    with open_run(path) as run:
        return float(run["spectral_radius"][0, 0, 0])


def answer(folder, calls, code, name):
    """Return what a function returns or raises while calls are refused."""
    os.environ["REFUSE_UNDER"] = folder
    os.environ.update({f"REFUSE_{call}": str(code) for call in calls})
    try:
        return [globals()[name](Path(folder) / "run.h5")]
    except Exception as error:  # whatever it is, the test is to see it
        return [type(error).__name__, str(error)]
    finally:
        for call in calls:
            del os.environ[f"REFUSE_{call}"]


if __name__ == "__main__":
    for module, setting, value in small.SETTINGS:
        setattr(module, setting, value)
    lock_file._PAUSE = 0.0
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)
