"""The folder of an unfinished run: record, shards, live view and lock."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import Advice, FileError, InputError

from ..chunks.checksums import DamagedError
from ..formats.unfinished import RECORD, parts_folder, resume_command
from ..storage.atomic_files import appearing, beside, take_away
from ..storage.os_errors import failures, refuse
from ..storage.outputs import followed
from ..storage.regular_files import read_own
from .folder_lock import locked, refuse_link
from .record import Record

# temporary files have two more suffixes than the finished ones
START_OVER = Advice("force", True, "starts over")
_TEMPORARY = ("run", "writer", "plan.json", "live.h5", "shard-*.h5", "damaged-*.h5")
_UNFINISHED = tuple(f"{name}.*.tmp" for name in _TEMPORARY)
_MADE = ("run.tmp", "shard-*.h5", "damaged-*.h5", "live.h5")
# bytes that the record of a sweep may have
_MOST = 2**30


@dataclass(frozen=True)
class RunFolder:
    """The folder `run.h5.parts` beside a run file `run.h5`.

    Attributes
    ----------
    path : path of the run file, absolute where it comes from `of`
    given : path as it was given, for messages; by default `path`
    check : raises a FileError if this process no longer has the lock of the folder;
        does nothing where it was not `claimed`
    """

    path: Path
    given: Path | None = None
    check: Callable[[], object] = field(default=ignore, compare=False)

    def __str__(self) -> str:
        """Return the path of the run file for messages."""
        return f"{self.name}"

    @property
    def name(self) -> Path:
        """Return the path of the run file as it was given, while it leads there."""
        with suppress(OSError):  # the current folder may be gone
            if self.given is not None and self.given.absolute() == self.path:
                return self.given
        return self.path

    @classmethod
    def of(cls, path: str | Path) -> "RunFolder":
        """Return the folder of a run; a symbolic link is resolved.

        Raises
        ------
        InputError
            The path is empty, a folder, a broken link, not a regular file, or too long.
        FileError
            It is a link of another user, in a folder that all may write to, or the
            system refuses to look at it.
        """
        if not Path(path).name:
            raise InputError(f"{str(path)!r} names no file")
        target = Path(path)
        try:
            target = followed(target)
            # the process may change to another folder meanwhile
            parts = cls(target.absolute(), target)
            mode = 0
            with suppress(FileNotFoundError, NotADirectoryError):
                parts.folder.lstat()
            with suppress(FileNotFoundError, NotADirectoryError):
                mode = target.stat().st_mode
        except FileError:
            raise
        except (OSError, RuntimeError) as error:
            raise _no_path(target, error) from error
        if stat.S_ISDIR(mode):
            raise InputError(f"{path}: a folder; name a file in it")
        if mode and not stat.S_ISREG(mode):
            raise InputError(f"{path}: not a regular file; choose another name")
        return parts

    @property
    def folder(self) -> Path:
        """Return the path of the folder."""
        return parts_folder(self.path)

    def temporary(self) -> Path:
        """Return a new temporary path of the run file."""
        return beside(self.folder / "run")

    @property
    def live(self) -> Path:
        """Return the path of the live view."""
        return self.folder / "live.h5"

    @property
    def resume(self) -> str:
        """Return the shell command that resumes the sweep, quoted for pasting."""
        return resume_command(self.name)

    def kept(self) -> str:
        """Return a hint how to resume the sweep, empty without a record."""
        return f"go on with: {self.resume}" if self.begun else ""

    def identity(self) -> str:
        """Return what tells the run file from any that replaces it, empty without.

        An empty file is none: where a file system has no links, a kill may leave it.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return ""
        if not status.st_size:
            return ""
        # no inode: a copy of the folder can be gone on with
        return f"{status.st_size} {status.st_mtime_ns}"

    @property
    def begun(self) -> bool:
        """Return whether the folder has the record of a sweep."""
        return os.path.lexists(self._json)

    @property
    def _json(self) -> Path:
        return self.folder / RECORD

    def shard(self, index: int) -> Path:
        """Return the path of a finished shard."""
        return self.folder / f"shard-{index:04d}.h5"

    def put_aside(self, index: int) -> None:
        """Rename a damaged shard, so that it is computed again but not lost yet."""
        self._take_away(self.shard(index), self.folder / f"damaged-{index:04d}.h5")

    def remove_shard(self, index: int) -> None:
        """Remove a shard of which nothing is left."""
        self._take_away(self.shard(index))

    def shown(self, path: Path) -> Path:
        """Return the path of a file of the run as the path of the run was given."""
        return self.name.parent / path.relative_to(self.path.parent)

    def record(self) -> Record | None:
        """Return the record of the sweep (plan.json), None without a file.

        Raises
        ------
        DamagedError
            The record is damaged.
        FileError
            The system refuses to read it, a newer critdamp wrote it, or it is a link or
            in a folder that is one.
        """
        path = self.shown(self._json)
        refuse_link(self.folder, self.shown(self.folder))
        try:
            text = read_own(self._json, _MOST)
        except FileNotFoundError:
            return None
        except (OSError, MemoryError) as error:
            refuse(path, error)
            raise
        try:
            return Record.from_json(path, text)
        except (
            AttributeError, KeyError, RecursionError, TypeError, ValueError
        ) as error:  # fmt: skip
            raise DamagedError(
                f"{path}: not the record of a sweep ({error}); critdamp resume takes "
                "it from the shards"
            ) from error

    def save(self, record: Record) -> None:
        """Write the record of the sweep (plan.json) atomically."""
        with appearing(self._json, check=self.check) as temporary:
            temporary.write_text(record.to_json(), encoding="utf-8")

    @contextmanager
    def claimed(self) -> Iterator["RunFolder"]:
        """Create the folder if needed, and lock it while the block runs.

        Temporary files are removed: those of a process that was killed, and of one that
        was stopped for so long that it lost the lock, which cannot publish them then.

        Yields
        ------
        RunFolder
            This folder, with its `check`.

        Raises
        ------
        FileError
            The folder cannot be created, belongs to another user, or another process
            holds the lock.
        """
        failing = partial(failures, self.name, "write", lambda _: self.kept())
        with ExitStack() as stack:
            with failing():
                lock = locked(self.folder, self.shown(self.folder))
                claimed = replace(self, check=stack.enter_context(lock))
                claimed._drop_unfinished()
            yield claimed

    def strays(self) -> bool:
        """Return whether the folder has shards but no record of their sweep."""
        return not self.begun and any(self.folder.glob("shard-*.h5"))

    def nbytes(self, pattern: str = "shard-*.h5") -> int:
        """Return the total size of the shards, or of the files matching a pattern."""
        size = 0
        for path in self.folder.glob(pattern):
            with suppress(FileNotFoundError):
                size += path.lstat().st_size
        return size

    def clear(self) -> None:
        """Remove all files that critdamp created, the record last."""
        self._drop_unfinished()
        for pattern in _MADE:
            for path in self.folder.glob(pattern):
                self._take_away(path)
        self._take_away(self._json)

    def _drop_unfinished(self) -> None:
        """Remove temporary files, whose names are unique."""
        for pattern in _UNFINISHED:
            for path in self.folder.glob(pattern):
                self._refuse_folder(path)
                self.check()
                path.unlink(missing_ok=True)

    def _take_away(self, path: Path, to: Path | None = None) -> None:
        self._refuse_folder(path)
        take_away(path, to, self.check)

    def _refuse_folder(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            raise FileError(f"{self.shown(path)}: a folder; move it away")


def _no_path(path: Path, error: OSError | RuntimeError) -> InputError:
    """Return the error of a path that cannot be used; raise what the system refuses."""
    code = getattr(error, "errno", None)
    if code == errno.ENAMETOOLONG:
        why = "the name is too long, with `.parts` for the folder; shorten it"
    elif isinstance(error, FileNotFoundError):
        why = "the folder that it starts from is gone; give an absolute path"
    else:
        if code != errno.ELOOP:
            refuse(path, error)
        why = f"a link that leads nowhere: {error}"
    return InputError(f"{path}: {why}")
