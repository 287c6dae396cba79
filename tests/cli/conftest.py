"""The command line, run in this process and in others."""

import subprocess
import sys
from dataclasses import dataclass

import pytest

from critdamp.cli import main


@dataclass(frozen=True)
class Result:
    """What a command left behind: exit status, stdout and stderr."""

    code: int
    out: str
    err: str


@pytest.fixture
def critdamp(monkeypatch, capsys, tmp_path):
    """Return what runs a command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["critdamp", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Result(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def started(tmp_path):
    """Return what starts a command in a process of its own."""
    processes = []

    def start(*arguments):
        command = [sys.executable, "-m", "critdamp", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=tmp_path, text=True, **pipes)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
