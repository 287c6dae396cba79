"""Hostile input that a fuzzer finds by the branches it takes, with the checks of fuzz.

Needs atheris. CRITDAMP_TEST_GUIDED is how many seconds each kind of input gets. Run as
a script, it fuzzes one kind until an answer is wrong, or libFuzzer's options say so.
"""

import faulthandler
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import effort
import pytest
import seeds

pytestmark = pytest.mark.fuzz

SECONDS = effort.number("GUIDED", 1.0, 1.0)
OPTIONS = ("-max_len=30000", "-timeout=100", "-rss_limit_mb=0")


def fuzz(kind, base, *options):
    """Give inputs to the readers of a kind, seen by the branches that they take."""
    import atheris

    # not what has kernels, whose bytecode Numba reads
    kernels = ["critdamp.data.chunks.deflate", "critdamp.data.chunks.statistics"]
    with atheris.instrument_imports(["critdamp.data", "critdamp.cli"], kernels):
        import hostile

    def one(data):
        folder = Path(tempfile.mkdtemp(dir=base))
        faulthandler.dump_traceback_later(hostile.SECONDS, exit=True)
        wrong = hostile.answer(kind, data, folder)
        faulthandler.cancel_dump_traceback_later()
        shutil.rmtree(folder)
        if wrong:
            raise AssertionError(wrong)

    hostile.confine(base)
    atheris.Setup([sys.argv[0], *OPTIONS, *options], one)
    atheris.Fuzz()


@pytest.mark.parametrize("kind", [*seeds.TEXT_KINDS, *seeds.HDF5_KINDS])
def test_guided(tmp_path, counts, kind):
    pytest.importorskip("atheris")
    import hostile

    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, data in enumerate(seeds.of(kind)):
        (corpus / str(number)).write_bytes(data)
    seeds.begun(tmp_path / "begun.h5")
    inputs, hung, ends = 0, 0, time.monotonic() + SECONDS
    while (left := int(ends - time.monotonic())) >= 0:
        limits = f"-max_total_time={max(left, 1)}", f"-artifact_prefix={tmp_path}/"
        command = [sys.executable, __file__, kind, tmp_path, *limits, corpus]
        paths = os.pathsep.join(filter(None, sys.path))
        ended = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, "PYTHONPATH": paths},
        )
        done = re.findall(r"^#(\d+)\t", ended.stderr, re.M)
        inputs += int(done[-1]) if done else 0
        if ended.returncode == 0:
            break
        assert hostile.LIBHDF5.search(ended.stderr), ended.stderr[-5000:]
        hung += 1
    counts("guided inputs", inputs)
    counts("guided inputs that hung libhdf5", hung)
    assert inputs


if __name__ == "__main__":
    fuzz(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
