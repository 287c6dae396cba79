"""What has processes do things at once."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import race_child

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Return what has orders done at once, and returns how each one ended."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs a C compiler, and Linux")
    shim = tmp_path_factory.mktemp("shim") / "refuser.so"
    command = [compiler, "-shared", "-fPIC", "-o", shim, HERE / "refuser.c", "-ldl"]
    subprocess.run(command, check=True)
    process = subprocess.Popen(
        [sys.executable, race_child.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "LD_PRELOAD": str(shim),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
    )

    def ask(orders):
        print(json.dumps(orders), file=process.stdin, flush=True)
        return json.loads(process.stdout.readline())

    with process:
        yield ask
        process.stdin.close()
