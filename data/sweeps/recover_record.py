"""Recovery of the record of a sweep from its shards."""

import json
from contextlib import suppress

import h5py

from critdamp.engine.maps.plan import Plan

from ..chunks.checksums import sealed
from ..shards.folder import RunFolder
from ..shards.record import Record
from ..storage.bounded_read import read_bounded


def record_of_shards(parts: RunFolder) -> Record | None:
    """Return a record with the plan and uuid of a shard, None if no shard is intact.

    The sessions and the options `keep_shards` and `force` are lost.
    """
    for path in sorted(parts.folder.glob("shard-*.h5")):
        # h5py may raise any exception for a damaged shard, which is skipped
        with suppress(Exception), h5py.File(path, "r") as file:
            plan = Plan.from_dict(json.loads(read_bounded(file["plan"])))
            names = tuple(quantity.name for quantity in plan.quantities)
            if sealed(file, names):
                compression = file[names[0]].compression is not None
                return Record(plan, compression, uuid=str(file.attrs["uuid"]))
    return None
