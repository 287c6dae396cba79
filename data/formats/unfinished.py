"""Paths and hints for runs whose sweep is unfinished."""

import shlex
from pathlib import Path

# name of the file with the record of a sweep
RECORD = "plan.json"


def parts_folder(path: Path) -> Path:
    """Return the folder `run.h5.parts` of a run `run.h5`."""
    return path.with_name(path.name + ".parts")


def resume_command(path: Path) -> str:
    """Return the shell command that resumes a sweep, quoted for pasting."""
    name = str(path)
    return shlex.join(["critdamp", "resume", *["--"] * name.startswith("-"), name])


def how_to_go_on(path: Path) -> str:
    """Return «go on with: …» if the run has an unfinished sweep, else an empty text."""
    begun = bool(path.name) and (parts_folder(path) / RECORD).exists()
    return f"go on with: {resume_command(path)}" if begun else ""
