"""What a sweep began with, from its shards where its own record is damaged."""

import json
from contextlib import suppress

import h5py

from critdamp.engine.maps.plan import Plan

from ..chunks.checksums import sealed
from ..shards.folder import RunFolder
from ..shards.record import Record
from ..storage.bounded_read import read_bounded


def record_of_shards(parts: RunFolder) -> Record | None:
    """Return a record with the plan and the name that a shard has, None if none has.

    Who computed it, and how it was asked for, is lost.
    """
    for path in sorted(parts.folder.glob("shard-*.h5")):
        # a damaged shard tells nothing, and HDF5 may find anything wrong with it
        with suppress(Exception), h5py.File(path, "r") as file:
            plan = Plan.from_dict(json.loads(read_bounded(file["plan"])))
            names = tuple(quantity.name for quantity in plan.quantities)
            if sealed(file, names):
                packed = file[names[0]].compression is not None
                return Record(plan, packed, uuid=str(file.attrs["uuid"]))
    return None
