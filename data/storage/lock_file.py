"""A lock for file systems that have none: a file that only one process can make."""

from __future__ import annotations

import json
import os
import socket
import threading
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from critdamp.engine.errors import FileError

from .atomic_files import beside, put, read_own

# seconds between two signs of life, and without one until a lock is given up
_BEAT, _LOST = 5.0, 90.0


@dataclass(frozen=True)
class Holder:
    """Who holds a lock.

    Attributes
    ----------
    host, process : name of the machine, and the process there
    began : when the process started, in ticks of its kernel; empty if not known
    kernel : identifies the kernel and its process numbers; empty if not known
    token : identifies this lock among all others
    """

    host: str
    process: int
    began: str
    kernel: str
    token: str

    @classmethod
    def here(cls) -> Holder:
        """Return this process, with a new token."""
        process = os.getpid()
        token = uuid.uuid4().hex
        return cls(socket.gethostname(), process, _began(process), _kernel(), token)

    def __str__(self) -> str:
        """Return host and process."""
        return f"{self.host}, process {self.process}"

    def ended(self) -> bool:
        """Return whether the process is known to have ended."""
        return bool(self.kernel) and self.kernel == _kernel() and not self._runs()

    def _runs(self) -> bool:
        return bool(self.began) and self.began == _began(self.process)


class LockFile:
    """A lock that is held while the file exists and its holder gives signs of life.

    It is taken from a process that has ended, or has given no sign for 90 seconds. A
    process that was only stopped for so long finds out by `check`.

    Parameters
    ----------
    path : path of the file
    """

    def __init__(self, path: Path) -> None:
        self._path, self._holder = path, Holder.here()
        self._released = threading.Event()
        self._beats = threading.Thread(target=self._beat, daemon=True)

    def acquire(self, alone: bool) -> None:
        """Take the lock.

        Parameters
        ----------
        alone : whether no other process of this kernel can hold it

        Raises
        ------
        BlockingIOError
            Another process holds it; the message says which.
        OSError
            The file cannot be made.
        """
        mine = beside(self._path)
        try:
            mine.write_text(json.dumps(asdict(self._holder)), encoding="utf-8")
            while not self._put(mine):
                self._clear_away(mine, alone)
        finally:
            mine.unlink(missing_ok=True)
        self._beats.start()

    def check(self) -> None:
        """Raise a FileError if another process took the lock meanwhile."""
        if _holder(self._path) != self._holder:
            raise FileError(
                f"{self._path.parent}: another process took over, since this one gave "
                f"no sign for {_LOST:.0f} s; what it writes is safe"
            )

    def release(self) -> None:
        """Give the lock back, if it is still held."""
        self._released.set()
        if self._beats.ident is not None:
            self._beats.join()
        with suppress(OSError):
            if _holder(self._path) == self._holder:
                self._path.unlink()

    def _put(self, mine: Path) -> bool:
        try:
            put(mine, self._path)
        except FileExistsError:
            return False
        return True

    def _clear_away(self, mine: Path, alone: bool) -> None:
        """Remove the file of a process that has ended; raise if it has not."""
        with suppress(FileNotFoundError):
            silent = mine.stat().st_mtime - self._path.lstat().st_mtime
            holder = _holder(self._path)
            here = holder is None or holder.kernel == self._holder.kernel
            ended = (alone and here) or (holder is not None and holder.ended())
            if not ended and abs(silent) < _LOST:
                raise BlockingIOError(f"{holder or ''}")
            self._move_away(holder)

    def _move_away(self, holder: Holder | None) -> None:
        """Remove the file of a holder; another one that came meanwhile is put back."""
        away = beside(self._path)
        self._path.rename(away)
        if _holder(away) != holder:
            with suppress(FileExistsError):
                put(away, self._path)
        away.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._released.wait(_BEAT):
            with suppress(OSError):
                if _holder(self._path) == self._holder:
                    os.utime(self._path, follow_symlinks=False)


def holder_of(path: Path) -> str:
    """Return who holds a lock, empty if nobody does or it cannot be read."""
    with suppress(OSError):
        return f"{_holder(path) or ''}"
    return ""


def _holder(path: Path) -> Holder | None:
    """Return who holds a lock, None without a file or if it is damaged."""
    try:
        fields = json.loads(read_own(path, 10_000))
        return Holder(**fields)
    except (FileNotFoundError, RecursionError, TypeError, ValueError):
        return None


def _kernel() -> str:
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot.strip()} {Path('/proc/self/ns/pid').stat().st_ino}"
    return ""


def _began(process: int) -> str:
    with suppress(OSError, IndexError):
        text = Path(f"/proc/{process}/stat").read_text(
            encoding="utf-8", errors="replace"
        )
        return text.rpartition(")")[2].split()[19]
    return ""
