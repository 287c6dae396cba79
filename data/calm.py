"""New HDF5 files on disks that may fill up."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py


class CalmFile(io.FileIO):
    """A new file for HDF5 to write to, that never fails under it.

    If a write fails below HDF5, it prints, keeps the file open and may crash when the
    process ends. So the first failure is kept for `check`, and what comes after it is
    dropped; the file is of no use then anyhow.

    Parameters
    ----------
    path : of the file, emptied if it is there
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self._failure: OSError | None = None

    def check(self) -> None:
        """Raise the OSError that came first, if one did."""
        if self._failure is not None:
            raise self._failure

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the place on; what was never written is zero."""
        view = memoryview(buffer).cast("B")
        count = super().readinto(view)
        view[count:] = bytes(len(view) - count)
        return len(view)

    def write(self, data: Any) -> int:
        """Write all of the data at the place, in as many pieces as it takes."""
        left = memoryview(data).cast("B")
        while left and self._failure is None:
            try:
                left = left[super().write(left) :]
            except OSError as error:
                self._failure = error
        return memoryview(data).nbytes

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the file."""
        try:
            return super().truncate(size)
        except OSError as error:
            self._failure = self._failure or error
            return size or 0


@contextmanager
def new_hdf5(path: Path, **options: Any) -> Iterator[h5py.File]:
    """Yield a new HDF5 file whose dimensions keep their order; close it at the end.

    Raises
    ------
    OSError
        Something could not be written, known at the end.
    """
    calm = CalmFile(path)
    try:
        with h5py.File(calm, "w", track_order=True, **options) as file:
            yield file
    finally:
        calm.close()
    calm.check()
