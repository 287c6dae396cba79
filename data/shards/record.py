"""The record of a sweep (plan.json): plan, options and sessions."""

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from critdamp.engine.maps.plan import Plan

from ..formats.kinds import RUN
from ..storage.open_hdf5 import refuse_newer


@dataclass
class Record:
    """The record of a sweep (plan.json).

    Attributes
    ----------
    plan : plan of the sweep
    compression, keep_shards : options of the sweep
    replaces : `RunFolder.identity` of the run that it may replace, empty for none
    uuid : identifies this sweep among sweeps of the same plan
    sessions : provenance of each process that computed, oldest first
    """

    plan: Plan
    compression: bool = True
    keep_shards: bool = False
    replaces: str = ""
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    sessions: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> str:
        """Return canonical JSON with the hashes of the plan and of the record."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["plan"] = self.plan.to_dict()
        fields["plan_sha256"] = self.plan.sha256
        fields["format_version"] = RUN.version
        fields["sha256"] = _sha256(fields)
        return _canonical(fields)

    @classmethod
    def from_json(cls, path: Path, text: bytes) -> "Record":
        """Return the record from the JSON of `to_json`.

        Parameters
        ----------
        path : path of the file, for messages
        text : its contents

        Raises
        ------
        AttributeError, KeyError, RecursionError, TypeError, ValueError
            The text is damaged, or not a record.
        FileError
            A newer critdamp wrote it.
        """
        fields = json.loads(text)
        version = fields.pop("format_version")
        refuse_newer(path, version, RUN)
        if fields.pop("sha256") != _sha256({**fields, "format_version": version}):
            raise ValueError("it does not match its hash")
        plan_sha256 = fields.pop("plan_sha256")
        record = cls(**{**fields, "plan": Plan.from_dict(fields["plan"])})
        if record.plan.sha256 != plan_sha256:
            raise ValueError("the plan does not match its hash")
        if not all(isinstance(session, dict) for session in record.sessions):
            raise ValueError("a session is not an object")
        return record


def _canonical(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def _sha256(fields: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(fields).encode()).hexdigest()
