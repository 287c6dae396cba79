"""Bombs: small files that unpack to more than any memory are refused in one line.

In `make torture` each unpacks to 5 GB, and is read by a process of its own, which says
how much memory it took. CRITDAMP_TEST_BOMBS is that number.
"""

import json
import re
import subprocess
import sys

import bombs
import effort
import pytest

from critdamp.data.storage import memory_budget

# 5 in `make torture`
GIGABYTES = effort.number("BOMBS", 0.06, 0.06)
NBYTES = int(GIGABYTES * 1e9) // bombs.STEP * bombs.STEP
# what any file may take, in bytes; less in a small test
FLOOR = 2**28 if GIGABYTES > 1 else 2**25
NAMES = [name for name, _, _ in bombs.BOMBS]
SAID = (
    r"takes .*memory.*max_memory='\d+[MGT]B' (may )?allows? it|more than (its size|fit)"
    r"|header is too long|cut off|ends early"
)


def asked(folder, names, max_memory=""):
    """Return what readers in a process of their own answer, and the MB they took."""
    done = subprocess.run(
        [sys.executable, bombs.__file__, folder, max_memory, str(FLOOR), *names],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "names", [[name] for name in NAMES] if GIGABYTES > 1 else [NAMES]
)
def test_bombs_are_refused_before_they_are_read(tmp_path, counts, names):
    sizes = [0]
    for name, write, _ in bombs.BOMBS:
        if name in names:
            write(tmp_path / name, NBYTES)
            sizes.append((tmp_path / name).stat().st_size)
    assert max(sizes) < NBYTES / 30
    answers, taken = asked(tmp_path, names)
    for name, answer in answers.items():
        assert re.search(SAID, answer), f"{name}: {answer}"
        assert "\n" not in answer
    # what is beside it: a chunk or a step of unpacking, and libraries that are loaded
    assert taken < max(FLOOR, memory_budget.FACTOR * max(sizes)) / 1e6 + 60
    (writer,) = (w.__name__ for n, w, _ in bombs.BOMBS if n == names[-1])
    which = writer if names[1:] == [] else "all, which are small here,"
    counts("bombs that are refused", len(names))
    counts("memory that they took", f"{which} {taken:.0f} MB")
