"""The folder beside a run that is being made: plan, shards and live view."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from critdamp.engine.errors import FileError, InputError

from ..formats.unfinished import RECORD, how_to_go_on, parts_folder, resume_command
from ..storage.atomic_files import appearing, lock, to_disk
from ..storage.os_errors import failures
from .record import Record

# what is unfinished has two endings more than what is there
_UNFINISHED = ("run.tmp", "plan.json.*.tmp", "live.h5.*.tmp", "shard-*.h5.*.tmp")
_MADE = (*_UNFINISHED, "shard-*.h5", "damaged-*.h5", "live.h5")


@dataclass(frozen=True)
class RunFolder:
    """The folder `run.h5.parts` of a run `run.h5`."""

    path: Path

    @classmethod
    def of(cls, path: str | Path) -> "RunFolder":
        """Return the folder of a run; a link stands for the file that it leads to.

        Raises
        ------
        InputError
            The path names no file, or something that is none is there.
        """
        if not Path(path).name:
            raise InputError(f"{str(path)!r} names no file")
        found = Path(path)
        try:
            if found.is_symlink():
                found = found.resolve()
        except (OSError, RuntimeError) as error:
            raise InputError(f"{path}: a link that leads nowhere: {error}") from error
        if found.is_dir():
            raise InputError(f"{path}: a folder; name a file in it")
        if found.exists() and not found.is_file():
            raise InputError(f"{path}: no regular file; choose another name")
        return cls(found)

    @property
    def folder(self) -> Path:
        """Return the folder."""
        return parts_folder(self.path)

    @property
    def temporary(self) -> Path:
        """Return where the run is made before it gets its name."""
        return self.folder / "run.tmp"

    @property
    def live(self) -> Path:
        """Return the view of all shards, finished or not."""
        return self.folder / "live.h5"

    @property
    def resume(self) -> str:
        """Return the command that goes on with the sweep, to be pasted into a shell."""
        return resume_command(self.path)

    def kept(self) -> str:
        """Say how to go on after a failure, if there is something to go on with."""
        return how_to_go_on(self.path)

    @property
    def begun(self) -> bool:
        """Return whether a sweep began here."""
        return self._json.exists()

    @property
    def _json(self) -> Path:
        return self.folder / RECORD

    def shard(self, index: int) -> Path:
        """Return where a finished shard stands."""
        return self.folder / f"shard-{index:04d}.h5"

    def put_aside(self, index: int) -> None:
        """Keep a damaged shard under another name until the run is whole."""
        self.shard(index).replace(self.folder / f"damaged-{index:04d}.h5")

    def record(self) -> Record | None:
        """Return what the sweep began with, or None if none began.

        Raises
        ------
        FileError
            The record cannot be read or is not one.
        """
        path = self._json
        try:
            with failures(path, "read"):
                text = path.read_bytes()
        except FileError:
            if path.exists():
                raise
            return None
        try:
            return Record.from_json(text)
        except (
            AttributeError, KeyError, RecursionError, TypeError, ValueError
        ) as error:  # fmt: skip
            raise FileError(
                f"{path}: not the record of a sweep ({error}); critdamp resume takes "
                "it from the shards"
            ) from error

    def save(self, record: Record) -> None:
        """Write the record, whole or not at all."""
        with appearing(self._json) as temporary:
            temporary.write_text(record.to_json(), encoding="utf-8")

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Make the folder if needed and keep other processes out of it.

        Raises
        ------
        FileError
            It cannot be made, or another process has it.
        """
        with failures(self.path, "write", lambda _: self.kept()):
            descriptor = self._locked()
        try:
            with suppress(OSError):  # it only helps others to say who is here
                self._writer.write_text(
                    f"{socket.gethostname()}, process {os.getpid()}"
                )
            yield
        finally:
            with suppress(OSError):
                self._writer.unlink(missing_ok=True)
            if self.folder.exists() and not any(self.folder.iterdir()):
                self.folder.rmdir()
            os.close(descriptor)

    @property
    def _writer(self) -> Path:
        """Return where the process that has the folder says who it is."""
        return self.folder / "writer"

    def _locked(self) -> int:
        """Make the folder if needed and lock it, not one that is removed by now."""
        while True:
            if self.folder.is_symlink():
                raise FileError(f"{self.folder}: a link is in the way; move it away")
            self.folder.mkdir(exist_ok=True)
            to_disk(self.folder.parent)
            try:
                descriptor = lock(self.folder)
            except FileNotFoundError:
                continue
            except BlockingIOError:
                raise FileError(
                    f"{self.folder}: another process is writing there"
                    f"{self._its_name()}; wait for it, or stop it"
                ) from None
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), self.folder.stat()):
                    return descriptor
            os.close(descriptor)

    def _its_name(self) -> str:
        with suppress(OSError, UnicodeDecodeError):
            name = self._writer.read_text(encoding="utf-8")[:200]
            return f" ({name})" if name else ""
        return ""

    def strays(self) -> bool:
        """Return whether shards are there without a record of their sweep."""
        return not self.begun and any(self.folder.glob("shard-*.h5"))

    def nbytes(self, pattern: str = "shard-*.h5") -> int:
        """Return the bytes of all shards, or of other files there."""
        size = 0
        for path in self.folder.glob(pattern):
            with suppress(FileNotFoundError):
                size += path.stat().st_size
        return size

    def clear(self) -> None:
        """Remove what critdamp made there, the record last."""
        for pattern in _MADE:
            for path in self.folder.glob(pattern):
                path.unlink()
        # before the record: who died between them has left nothing
        self._writer.unlink(missing_ok=True)
        self._json.unlink(missing_ok=True)

    def drop_unfinished(self) -> None:
        """Remove what a killed process left half-written."""
        for pattern in _UNFINISHED:
            for path in self.folder.glob(pattern):
                path.unlink()
