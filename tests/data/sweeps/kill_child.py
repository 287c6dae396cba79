"""Sweeps in a process of its own for each kill point; tells how each one ended.

Imports take longer than a small sweep, so they are made once, and processes forked. No
kernel with threads runs before that: they would not survive it.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import small

from critdamp.data.chunks.deflate import shuffle
from critdamp.data.sweeps.sweep import resume, sweep
from critdamp.engine.maps.plan import Plan


def main() -> None:
    """Answer each request on stdin, a JSON list, with an exit code for each point.

    A request has how to sweep, the plan, the folder to begin with, and the points; what
    a point makes of the folder stands beside it, under the number of the point.
    """
    for module, name, value in small.SETTINGS:
        setattr(module, name, value)
    # with the first kernel, whichever it is, Numba imports half of itself
    shuffle(np.zeros(1, np.int64), np.zeros((8, 1), np.uint8))
    for line in sys.stdin:
        how, plan, before, points = json.loads(line)
        for point in points:
            folder = Path(before).with_name(str(point))
            shutil.copytree(before, folder)
            child = os.fork()
            if not child:
                os.environ["KILL_UNDER"] = str(folder)
                os.environ["KILL_AT"] = str(point)
                os.environ["KILL_COUNT"] = before + ".count"
                act(how, Plan.from_dict(plan), folder / "run.h5")
                return
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(code, flush=True)


def act(how: str, plan: Plan, path: Path) -> None:
    """Begin a sweep, replace what is there by one, or go on with one."""
    if how == "resume":
        resume(path, plan).close()
    else:
        sweep(plan, path, force=how == "force").close()


if __name__ == "__main__":
    main()
