"""A lock for file systems that have none: a file that only one process can make."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from critdamp.engine.errors import FileError

from .atomic_files import beside, put
from .os_errors import failures
from .regular_files import read_own, refuse_irregular

# seconds between two signs of life, and without one until a lock is given up
_BEAT, _LOST = 5.0, 90.0
# how often a lock file is read where the system refuses, and seconds in between
_TRIES, _PAUSE = 5, 1.0
# bytes that a lock file may have
_MOST = 10_000


@dataclass(frozen=True)
class Holder:
    """Who holds a lock.

    Attributes
    ----------
    host, process : name of the machine, and the process there
    began : when the process started, in ticks of its kernel; empty if not known
    kernel : identifies the kernel and its process numbers
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

    def ended(self, other: Holder, alone: bool) -> bool:
        """Return whether this process is known to have ended.

        Parameters
        ----------
        other : a running process
        alone : whether no other process of its kernel can hold the lock
        """
        if not self.kernel or self.kernel != other.kernel:
            return False
        if not self.began:  # not to be known but by a lock of the kernel
            return alone and self.host == other.host
        return self.began != _began(self.process) or (alone and self._same(other))

    def _same(self, other: Holder) -> bool:
        return (self.process, self.began) == (other.process, other.began)


class LockFile:
    """A lock that is held while the file exists and its holder gives signs of life.

    It is taken from a process that has ended, or has given no sign for 90 seconds. A
    process that was only stopped for so long finds out by `check`, and what it was
    about to publish is out of its reach: the next holder removes all temporary files.

    Parameters
    ----------
    path : path of the file
    """

    def __init__(self, path: Path) -> None:
        self._path, self._holder = path, Holder.here()
        self._locked: os.stat_result | None = None
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
        FileError
            Something else has the name of the file.
        OSError
            The file cannot be made.
        """
        self._locked = self._path.parent.stat() if alone else None
        with self._written() as mine:
            while not self._put(mine) and not self._take_over(mine, alone):
                pass
        self._beats.start()

    def check(self) -> None:
        """Raise a FileError if another process may have taken the lock meanwhile.

        A file that was removed is made again while the kernel keeps others away.
        """
        with failures(self._path, "read"):
            seen = self._seen()
        if not seen:
            raise FileError(
                f"{self._path.parent}: its file {self._path.name} is gone, or empty: "
                "another process may write there; try again when none does"
            )
        if _parsed(seen) != self._holder:
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
            if self._is_held():
                self._path.unlink()

    def _is_held(self) -> bool:
        return _parsed(_contents(self._path)) == self._holder

    def _seen(self) -> bytes:
        """Return the bytes of the file, none without; try again what is refused."""
        for _ in range(_TRIES - 1):
            try:
                return self._seen_once()
            except FileError:
                raise
            except OSError:
                time.sleep(_PAUSE)
        return self._seen_once()

    def _seen_once(self) -> bytes:
        seen = _contents(self._path)
        with suppress(FileNotFoundError):  # the folder is gone, too
            if not seen and self._is_alone():
                with self._written() as mine:
                    self._put(mine)
                seen = _contents(self._path)
        return seen

    def _is_alone(self) -> bool:
        """Return whether the kernel keeps others away from what is the folder now."""
        folder = self._path.parent.stat()
        return self._locked is not None and os.path.samestat(folder, self._locked)

    @contextmanager
    def _written(self) -> Iterator[Path]:
        """Yield a temporary file that says who this is; in the end it is removed."""
        mine = beside(self._path)
        try:
            with mine.open("x", encoding="utf-8") as file:
                json.dump(asdict(self._holder), file)
            yield mine
        finally:
            mine.unlink(missing_ok=True)

    def _put(self, mine: Path) -> bool:
        try:
            put(mine, self._path)
        except FileExistsError:
            return False
        return True

    def _take_over(self, mine: Path, alone: bool) -> bool:
        """Replace the file of a process that is gone; False if there is none now."""
        with suppress(FileNotFoundError):
            refuse_irregular(self._path)
            seen = _contents(self._path)
            holder = _parsed(seen)
            ended = holder.ended(self._holder, alone) if holder else alone
            if not ended and not self._is_silent(mine):
                raise BlockingIOError(f"{holder or ''}")
            return self._replace(seen, mine, alone)
        return False

    def _is_silent(self, mine: Path) -> bool:
        """Return whether the holder gives no signs, by the clock of the file system."""
        os.utime(mine)
        last = self._path.lstat().st_mtime_ns
        if abs(mine.lstat().st_mtime_ns - last) < _LOST * 1e9:
            return False
        # the clock may have been set: who lives gives a sign meanwhile
        time.sleep(2 * _BEAT)
        return self._path.lstat().st_mtime_ns == last

    def _replace(self, seen: bytes, mine: Path, alone: bool) -> bool:
        """Replace the file if it has the contents that were seen."""
        # of those that saw them, only one may replace the file, which has a lock for it
        name = f"{self._path.name}.{hashlib.sha256(seen).hexdigest()[:16]}.tmp"
        claim = LockFile(self._path.with_name(name))
        claim.acquire(alone)
        try:
            if _contents(self._path) != seen:
                return False
            os.utime(mine)
            mine.replace(self._path)
            return True
        finally:
            claim.release()

    def _beat(self) -> None:
        while not self._released.wait(_BEAT):
            with suppress(OSError):
                if self._is_held():
                    os.utime(self._path, follow_symlinks=False)


def holder_of(path: Path) -> str:
    """Return who holds a lock, empty if nobody does or it cannot be read."""
    with suppress(OSError):
        return f"{_parsed(_contents(path)) or ''}"
    return ""


def _contents(path: Path) -> bytes:
    """Return the bytes of a lock file, none without one."""
    try:
        return read_own(path, _MOST)
    except FileNotFoundError:
        return b""


def _parsed(contents: bytes) -> Holder | None:
    """Return who holds a lock, None without a file or if it is damaged."""
    try:
        holder = Holder(**json.loads(contents))
    except (RecursionError, TypeError, ValueError):
        return None
    # it may be made by anyone, and is shown, and its process looked for
    others = [text for name, text in asdict(holder).items() if name != "process"]
    printable = all(isinstance(text, str) and text.isprintable() for text in others)
    return holder if printable and type(holder.process) is int else None


def _kernel() -> str:
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot.strip()} {Path('/proc/self/ns/pid').stat().st_ino}"
    return socket.gethostname()


def _began(process: int) -> str:
    """Return when a process started, empty if it has ended or it is not known."""
    with suppress(OSError, IndexError):
        text = Path(f"/proc/{process}/stat").read_text(
            encoding="utf-8", errors="replace"
        )
        state, *fields = text.rpartition(")")[2].split()
        # one that was killed stays in the list until its parent asks for it
        return "" if state in ("Z", "X") else fields[18]
    return ""
