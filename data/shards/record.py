"""What a sweep began with, and how it is shared out to shards."""

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from critdamp.engine.maps.plan import Plan

from ..formats.kinds import RUN


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
        known["format_version"] = RUN.version
        known["sha256"] = _sha256(known)
        return _canonical(known)

    @classmethod
    def from_json(cls, text: bytes) -> "Record":
        """Return what `to_json` made text of; raises KeyError, ValueError if not."""
        known = json.loads(text)
        found = known.pop("format_version")
        if found > RUN.version:
            raise ValueError(f"format {found} is newer than this critdamp")
        if known.pop("sha256") != _sha256({**known, "format_version": found}):
            raise ValueError("it does not match its hash")
        sha256 = known.pop("plan_sha256")
        record = cls(**{**known, "plan": Plan.from_dict(known["plan"])})
        if record.plan.sha256 != sha256:
            raise ValueError("the plan does not match its hash")
        if not all(isinstance(one, dict) for one in record.sessions):
            raise ValueError("the sessions are no records")
        return record


def _canonical(known: dict[str, Any]) -> str:
    return json.dumps(known, sort_keys=True, separators=(",", ":"))


def _sha256(known: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(known).encode()).hexdigest()
