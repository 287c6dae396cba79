"""Atomic creation of HDF5 files; write errors are deferred until HDF5 can close."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from critdamp.engine.callbacks import ignore

from .atomic_files import beside, publish


class ErrorLatchingFile(io.FileIO):
    """A new file that HDF5 writes to, and whose methods never raise inside HDF5.

    When a write fails inside HDF5, or Ctrl-C interrupts it, HDF5 prints a traceback,
    keeps the file open and may crash. So the first exception is kept for `check`, and
    all later writes are ignored. The file is unusable after that.

    Parameters
    ----------
    path : path of the file, which must not exist yet
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "x+")
        self._failure: BaseException | None = None

    def check(self) -> None:
        """Raise the first exception that a write or read caught, if any."""
        if self._failure is not None:
            raise self._failure

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the current position; bytes past the end are zero."""
        view = memoryview(buffer).cast("B")
        count = 0
        try:
            count = super().readinto(view)
        except BaseException as error:
            self._failure = self._failure or error
        view[count:] = bytes(len(view) - count)
        return len(view)

    def write(self, data: Any) -> int:
        """Write all bytes at the current position, with as many calls as needed."""
        remaining = memoryview(data).cast("B")
        while remaining and self._failure is None:
            try:
                remaining = remaining[self._write_once(remaining) :]
            except BaseException as error:
                self._failure = error
        return memoryview(data).nbytes

    def _write_once(self, data: memoryview) -> int:
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        """Set the size of the file."""
        try:
            return super().truncate(size)
        except BaseException as error:
            self._failure = self._failure or error
            return size or 0


class NewFile:
    """A new HDF5 file under a temporary name, with creation order tracked.

    Parameters
    ----------
    path : final path, which `publish` renames the file to
    temporary : path that the file is written to
    check : called before the file is renamed, which it prevents if it raises
    **options : keyword arguments of h5py.File
    """

    def __init__(
        self,
        path: Path,
        temporary: Path,
        check: Callable[[], object] = ignore,
        **options: Any,
    ) -> None:
        self._path, self._temporary, self._check = path, temporary, check
        self._latching = ErrorLatchingFile(temporary)
        self.file = h5py.File(self._latching, "w", track_order=True, **options)

    def check(self) -> None:
        """Raise the first exception of a write, if any."""
        self._latching.check()

    def sync(self) -> None:
        """Call fsync on the file; raises as `check` does."""
        os.fsync(self._latching.fileno())
        self.check()

    def close(self) -> None:
        """Close the file under its temporary name; raises as `check` does."""
        self.file.close()
        self._latching.close()
        self.check()

    def publish(self, replace: bool = True) -> None:
        """Sync the closed file and rename it to its final path; see `publish`."""
        publish(self._temporary, self._path, replace, self._check)

    def drop(self) -> None:
        """Close the file and remove it if it still has its temporary name."""
        self.file.close()
        self._latching.close()
        self._temporary.unlink(missing_ok=True)


@contextmanager
def new_hdf5(
    path: Path,
    replace: bool = True,
    check: Callable[[], object] = ignore,
    **options: Any,
) -> Iterator[h5py.File]:
    """Yield a new HDF5 file; on success it is renamed to `path`.

    On any exception `path` is unchanged.

    Parameters
    ----------
    path : path of the file
    replace : whether a file may be there
    check : called before the file is renamed, which it prevents if it raises
    **options : keyword arguments of h5py.File

    Raises
    ------
    OutputExistsError
        `path` exists in the end, and `replace` is False.
    OSError
        A write failed; raised when the block ends.
    """
    path = path.absolute()  # the process may change to another folder meanwhile
    new = NewFile(path, beside(path), check, **options)
    try:
        yield new.file
        new.close()
        new.publish(replace)
    except BaseException:
        new.drop()
        raise
