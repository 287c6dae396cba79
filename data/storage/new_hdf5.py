"""New HDF5 files on disks that may fill up."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from .atomic_files import beside, publish


class ErrorLatchingFile(io.FileIO):
    """A new file for HDF5 to write to, that never fails under it.

    If a write fails below HDF5, or Ctrl-C comes there, it prints, keeps the file open
    and may crash. So the first failure of any kind is kept for `check`, and what comes
    after it is dropped; the file is of no use then anyhow.

    Parameters
    ----------
    path : of the file, emptied if it is there
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self._failure: BaseException | None = None

    def check(self) -> None:
        """Raise what came first, if anything did."""
        if self._failure is not None:
            raise self._failure

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the place on; what was never written is zero."""
        view = memoryview(buffer).cast("B")
        count = 0
        try:
            count = super().readinto(view)
        except BaseException as error:
            self._failure = self._failure or error
        view[count:] = bytes(len(view) - count)
        return len(view)

    def write(self, data: Any) -> int:
        """Write all of the data at the place, in as many pieces as it takes."""
        left = memoryview(data).cast("B")
        while left and self._failure is None:
            try:
                left = left[self._plainly(left) :]
            except BaseException as error:
                self._failure = error
        return memoryview(data).nbytes

    def _plainly(self, data: memoryview) -> int:
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the file."""
        try:
            return super().truncate(size)
        except BaseException as error:
            self._failure = self._failure or error
            return size or 0


class NewFile:
    """A new HDF5 file under a temporary name, whose dimensions keep their order.

    Parameters
    ----------
    path : the name that it gets by `publish`
    temporary : where it is written
    **options : for h5py.File
    """

    def __init__(self, path: Path, temporary: Path, **options: Any) -> None:
        self._path, self._temporary = path, temporary
        self._latching = ErrorLatchingFile(temporary)
        self.file = h5py.File(self._latching, "w", track_order=True, **options)

    def check(self) -> None:
        """Raise the OSError that came first, if something could not be written."""
        self._latching.check()

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        os.fsync(self._latching.fileno())
        self.check()

    def close(self) -> None:
        """Finish the file, still under its temporary name; raises as `check` does."""
        self.file.close()
        self._latching.close()
        self.check()

    def publish(self) -> None:
        """Give the closed file its name, once it is on the disk."""
        publish(self._temporary, self._path)

    def drop(self) -> None:
        """Forget the file, unless it has its name already."""
        self.file.close()
        self._latching.close()
        self._temporary.unlink(missing_ok=True)


@contextmanager
def new_hdf5(path: Path, **options: Any) -> Iterator[h5py.File]:
    """Yield a new HDF5 file; what is written there gets its name at the end.

    If anything fails, `path` is as it was.

    Raises
    ------
    OSError
        Something could not be written, known at the end.
    """
    new = NewFile(path, beside(path), **options)
    try:
        yield new.file
        new.close()
        new.publish()
    except BaseException:
        new.drop()
        raise
