"""The folder beside a run that is being made: plan, shards and live view."""

import json
import math
import os
import shlex
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from critdamp.engine.errors import FileError, InputError
from critdamp.engine.plan import Plan

from .files import appearing, failures, lock, to_disk
from .layout import FORMAT_VERSION

SHARD_BYTES = 2**27
MAX_SHARDS = 500
_MADE = ("*.tmp", "shard-*.h5", "damaged-*.h5", "live.h5")


@dataclass(frozen=True)
class Cut:
    """How a plan's tiles are shared out to shards, by the plan alone.

    Attributes
    ----------
    tiles : number of tiles
    each : consecutive tiles that a shard covers
    """

    tiles: int
    each: int

    @classmethod
    def of(cls, plan: Plan) -> "Cut":
        """Return shards of about 128 MiB, larger where they would be too many."""
        tiles = plan.grid.n_tiles
        wanted = max(SHARD_BYTES, plan.nbytes / MAX_SHARDS)
        return cls(tiles, max(1, math.ceil(wanted * tiles / plan.nbytes)))

    @property
    def shards(self) -> int:
        """Return the number of shards."""
        return -(-self.tiles // self.each)

    def shard_of(self, tile: int) -> int:
        """Return the shard that a tile belongs to."""
        return tile // self.each

    def tiles_of(self, shard: int) -> range:
        """Return the tiles that belong to a shard."""
        first = shard * self.each
        return range(first, min(first + self.each, self.tiles))


@dataclass
class Record:
    """What a sweep began with, kept as plan.json.

    Attributes
    ----------
    plan : what is swept
    compression, keep_shards, force : as they were asked for
    uuid : tells this sweep from others of the same plan
    sessions : provenance of each process that computed, oldest first
    """

    plan: Plan
    compression: bool = True
    keep_shards: bool = False
    force: bool = False
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    sessions: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> str:
        """Return canonical JSON with the plan and its hash."""
        known = {name: getattr(self, name) for name in self.__dataclass_fields__}
        known["plan"] = self.plan.to_dict()
        known["plan_sha256"] = self.plan.sha256
        known["format_version"] = FORMAT_VERSION
        return json.dumps(known, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: bytes) -> "Record":
        """Return what `to_json` made text of; raises KeyError, ValueError if not."""
        known = json.loads(text)
        found = known.pop("format_version")
        if found > FORMAT_VERSION:
            raise ValueError(f"format {found} is newer than this critdamp")
        sha256 = known.pop("plan_sha256")
        record = cls(**{**known, "plan": Plan.from_dict(known["plan"])})
        if record.plan.sha256 != sha256:
            raise ValueError("the plan does not match its hash")
        if not all(isinstance(one, dict) for one in record.sessions):
            raise ValueError("the sessions are no records")
        return record


@dataclass(frozen=True)
class Parts:
    """The folder `run.h5.parts` of a run `run.h5`."""

    path: Path

    @classmethod
    def of(cls, path: str | Path) -> "Parts":
        """Return the folder of a run; a link stands for the file that it leads to.

        Raises
        ------
        InputError
            The path names no file, or something that is none is there.
        """
        if not Path(path).name:
            raise InputError(f"output: {str(path)!r} names no file")
        found = Path(path)
        if found.is_symlink():
            found = found.resolve()
        if found.is_dir():
            raise InputError(f"output: {path} is a folder; name a file in it")
        if found.exists() and not found.is_file():
            raise InputError(f"output: {path} is no regular file; choose another name")
        return cls(found)

    @property
    def folder(self) -> Path:
        """Return the folder."""
        return self.path.with_name(self.path.name + ".parts")

    @property
    def live(self) -> Path:
        """Return the view of all shards, finished or not."""
        return self.folder / "live.h5"

    @property
    def resume(self) -> str:
        """Return the command that goes on with the sweep, to be pasted into a shell."""
        name = str(self.path)
        return shlex.join(["critdamp", "resume", *["--"] * name.startswith("-"), name])

    def kept(self) -> str:
        """Say how to go on after a failure, if there is something to go on with."""
        return f"go on with: {self.resume}" if self.begun else ""

    @property
    def begun(self) -> bool:
        """Return whether a sweep began here."""
        return self._json.exists()

    @property
    def _json(self) -> Path:
        return self.folder / "plan.json"

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
            raise FileError(f"{path}: not the record of a sweep: {error}") from error

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
        with failures(self.path, "write", self.kept):
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

    def nbytes(self) -> int:
        """Return the bytes of all shards."""
        size = 0
        for path in self.folder.glob("shard-*.h5"):
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
        for path in self.folder.glob("*.tmp"):
            path.unlink()
