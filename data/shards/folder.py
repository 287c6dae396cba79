"""The folder of an unfinished run: record, shards, live view and lock."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from critdamp.engine.errors import Advice, FileError, InputError

from ..chunks.checksums import DamagedError
from ..formats.unfinished import RECORD, how_to_go_on, parts_folder, resume_command
from ..storage.atomic_files import appearing, beside, lock, to_disk
from ..storage.lock_file import LockFile, holder_of
from ..storage.os_errors import failures, refuse
from .record import Record

# temporary files have two more suffixes than the finished ones
START_OVER = Advice("force", True, "starts over")
_TEMPORARY = ("run", "writer", "plan.json", "live.h5", "shard-*.h5")
_UNFINISHED = tuple(f"{name}.*.tmp" for name in _TEMPORARY)
_MADE = (*_UNFINISHED, "run.tmp", "shard-*.h5", "damaged-*.h5", "live.h5")


@dataclass(frozen=True)
class RunFolder:
    """The folder `run.h5.parts` beside a run file `run.h5`.

    Attributes
    ----------
    path : path of the run file
    """

    path: Path

    @classmethod
    def of(cls, path: str | Path) -> "RunFolder":
        """Return the folder of a run; a symbolic link is resolved.

        Raises
        ------
        InputError
            The path is empty, a folder, a broken link, or not a regular file.
        FileError
            The system does not allow to look at it.
        """
        if not Path(path).name:
            raise InputError(f"{str(path)!r} names no file")
        target = Path(path)
        try:
            if target.is_symlink():
                target = target.resolve()
            kind = target.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return cls(target)
        except OSError as error:
            if error.errno != errno.ELOOP:
                refuse(target, error)
            raise InputError(f"{path}: a link that leads nowhere: {error}") from error
        except RuntimeError as error:
            raise InputError(f"{path}: a link that leads nowhere: {error}") from error
        if stat.S_ISDIR(kind):
            raise InputError(f"{path}: a folder; name a file in it")
        if not stat.S_ISREG(kind):
            raise InputError(f"{path}: not a regular file; choose another name")
        return cls(target)

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
        return resume_command(self.path)

    def kept(self) -> str:
        """Return a hint how to resume the sweep, empty without a record."""
        return how_to_go_on(self.path)

    def identity(self) -> str:
        """Return what tells the run file from any that replaces it, empty without."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return ""
        # no inode: a copy of the folder can be gone on with
        return f"{status.st_size} {status.st_mtime_ns}"

    @property
    def begun(self) -> bool:
        """Return whether the folder has the record of a sweep."""
        return self._json.exists()

    @property
    def _json(self) -> Path:
        return self.folder / RECORD

    def shard(self, index: int) -> Path:
        """Return the path of a finished shard."""
        return self.folder / f"shard-{index:04d}.h5"

    def put_aside(self, index: int) -> None:
        """Rename a damaged shard, so that it is computed again but not lost yet."""
        self.shard(index).replace(self.folder / f"damaged-{index:04d}.h5")

    def record(self) -> Record | None:
        """Return the record of the sweep (plan.json), None without a file.

        Raises
        ------
        DamagedError
            The record is damaged.
        FileError
            The system refuses to read it, or a newer critdamp wrote it.
        """
        path = self._json
        try:
            text = path.read_bytes()
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
        with appearing(self._json) as temporary:
            temporary.write_text(record.to_json(), encoding="utf-8")

    @contextmanager
    def claimed(self) -> Iterator[Callable[[], None]]:
        """Create the folder if needed, and lock it while the block runs.

        Yields
        ------
        check : raises a FileError if another process took the lock meanwhile

        Raises
        ------
        FileError
            The folder cannot be created, belongs to another user, or another process
            holds the lock.
        """
        with failures(self.path, "write", lambda _: self.kept()):
            descriptor, lock_file = self._locked()
        try:
            yield lock_file.check
        finally:
            lock_file.release()
            self._remove_empty()
            os.close(descriptor)

    @property
    def _writer(self) -> Path:
        """Return the path of the lock file, which names the process with the lock."""
        return self.folder / "writer"

    def _locked(self) -> tuple[int, LockFile]:
        """Create and lock the folder; retry if another process removed it meanwhile."""
        while True:
            if self.folder.is_symlink():
                raise FileError(f"{self.folder}: a link is in the way; move it away")
            self.folder.mkdir(exist_ok=True)
            to_disk(self.folder.parent)
            try:
                descriptor, locked = lock(self.folder)
            except FileNotFoundError:
                continue
            except BlockingIOError:
                raise self._taken(holder_of(self._writer)) from None
            try:
                return descriptor, self._lock_file(descriptor, alone=locked)
            except FileNotFoundError:
                os.close(descriptor)
            except BaseException:
                self._remove_empty()
                os.close(descriptor)
                raise

    def _remove_empty(self) -> None:
        with suppress(OSError):  # it has files, or is gone
            self.folder.rmdir()

    def _lock_file(self, descriptor: int, alone: bool) -> LockFile:
        """Take the lock file; a FileNotFoundError if the folder is another one now."""
        lock_file = LockFile(self._writer)
        try:
            lock_file.acquire(alone)
        except BlockingIOError as error:
            raise self._taken(f"{error}") from None
        folder = os.fstat(descriptor)
        # a folder that others prepared may hold links; owners are compared as the file
        # system shows them, which may map them
        try:
            if self._writer.lstat().st_uid != folder.st_uid:
                raise FileError(f"{self.folder}: belongs to another user; move it away")
            if not os.path.samestat(folder, self.folder.stat()):
                raise FileNotFoundError
        except BaseException:
            lock_file.release()
            raise
        return lock_file

    def _taken(self, holder: str) -> FileError:
        who = f" ({holder})" if holder else ""
        return FileError(
            f"{self.folder}: another process is writing there{who}; wait for it, or "
            "stop it; if it was killed elsewhere, try again in 90 s"
        )

    def strays(self) -> bool:
        """Return whether the folder has shards but no record of their sweep."""
        return not self.begun and any(self.folder.glob("shard-*.h5"))

    def nbytes(self, pattern: str = "shard-*.h5") -> int:
        """Return the total size of the shards, or of the files matching a pattern."""
        size = 0
        for path in self.folder.glob(pattern):
            with suppress(FileNotFoundError):
                size += path.stat().st_size
        return size

    def clear(self, ended: bool = False) -> None:
        """Remove all files that critdamp created, the record last.

        Parameters
        ----------
        ended : whether the sweep has ended, and the lock file goes too
        """
        for pattern in _MADE:
            for path in self.folder.glob(pattern):
                path.unlink()
        if ended:  # a kill behind this leaves an empty folder
            self._writer.unlink(missing_ok=True)
        self._json.unlink(missing_ok=True)

    def drop_unfinished(self) -> None:
        """Remove the temporary files of a killed process."""
        for pattern in _UNFINISHED:
            for path in self.folder.glob(pattern):
                path.unlink()
