"""Children whose calls of the system are changed by a shim, and asked line by line."""

import os
import shutil
import subprocess
import sys

import pytest


def preloaded(source, folder, child, **environment):
    """Return a child process that runs under a shim, as a context manager.

    Parameters
    ----------
    source : path of the shim in C
    folder : where it is compiled to
    child : path of the program
    **environment : further variables
    """
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs a C compiler, and Linux")
    shim = folder / f"{source.stem}.so"
    command = [compiler, "-shared", "-fPIC", "-o", shim, source, "-ldl"]
    subprocess.run(command, check=True)
    return subprocess.Popen(
        [sys.executable, child],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "LD_PRELOAD": str(shim),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            **environment,
        },
    )
