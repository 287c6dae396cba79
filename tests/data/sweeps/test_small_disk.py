"""A sweep on a disk that is too small, which then gets larger."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
import small

from critdamp.data.sweeps.sweep import sweep

pytestmark = pytest.mark.crash

IN_A_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
SCRIPT = """
set -e
mount -t tmpfs -o size=16k none {disk}
sweep() {{ echo go | {python} {small} {disk}/run.h5 $1 || true; }}
sweep; ls -A {disk} >&2
mount -o remount,size={size}k none {disk}
sweep 1000000000; ls {disk}/run.h5.parts >&2
mount -o remount,size=4m none {disk}
sweep; cp {disk}/run.h5 {copy}
"""


@pytest.fixture
def on_a_disk(tmp_path):
    """Return what sweeps on a disk of some kB, and returns lines that were said."""
    try:
        subprocess.run([*IN_A_NAMESPACE, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not allowed here")

    def run(size, copy):
        disk = tmp_path / "disk"
        disk.mkdir()
        text = SCRIPT.format(
            size=size,
            disk=shlex.quote(str(disk)),
            copy=shlex.quote(str(copy)),
            python=shlex.quote(sys.executable),
            small=shlex.quote(small.__file__),
        )
        command = [*IN_A_NAMESPACE, "bash", "-c", text]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        return ended.stderr.splitlines()

    return run


def test_a_small_disk(plan, tmp_path, bits, on_a_disk):
    whole, copy = tmp_path / "whole.h5", tmp_path / "copy.h5"
    sweep(plan, whole, keep_shards=True).close()
    shards = sorted((tmp_path / "whole.h5.parts").glob("shard-*"))
    enough = sum(path.stat().st_size for path in [whole, *shards])
    said = on_a_disk(enough * 2 // 3 // 1024, copy)
    # refused at once, with nothing left there; begun with --force, and stopped halfway
    assert re.search(r"needs about [\d.]+ MB, [\d.]+ MB are free on the disk", said[0])
    full = re.search(
        r"disk is full; .* about ([\d.]+) MB more .*critdamp resume", said[1]
    )
    assert 0.01 < float(full[1]) < 2 * enough / 1e6
    assert said[2:5] == ["live.h5", "plan.json", "shard-0000.h5"]
    assert not any(name.endswith(".tmp") for name in said)
    assert bits(copy) == bits(whole)
    shutil.rmtree(tmp_path / "disk")
