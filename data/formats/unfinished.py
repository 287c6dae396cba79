"""What stands beside a run file that is still being made."""

import shlex
from pathlib import Path

RECORD = "plan.json"


def parts_folder(path: Path) -> Path:
    """Return the folder `run.h5.parts` of a run `run.h5`."""
    return path.with_name(path.name + ".parts")


def resume_command(path: Path) -> str:
    """Return the command that goes on with a sweep, to be pasted into a shell."""
    name = str(path)
    return shlex.join(["critdamp", "resume", *["--"] * name.startswith("-"), name])


def how_to_go_on(path: Path) -> str:
    """Return «go on with: …» where an unfinished sweep is, nothing elsewhere."""
    begun = bool(path.name) and (parts_folder(path) / RECORD).exists()
    return f"go on with: {resume_command(path)}" if begun else ""
