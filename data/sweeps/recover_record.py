"""Recovery of the record of a sweep from its shards."""

import json
import operator
from pathlib import Path

from critdamp.engine.errors import FileError
from critdamp.engine.maps.plan import Plan

from ..chunks.checksums import sealed
from ..formats.kinds import RUN
from ..shards.contents import open_own
from ..shards.folder import RunFolder
from ..shards.record import Record
from ..storage.bounded_read import read_bounded
from ..storage.open_hdf5 import refuse_newer
from ..storage.os_errors import RefusedError, refuse


def record_of_shards(parts: RunFolder) -> Record | None:
    """Return a record with the plan and uuid of a shard, None if no shard is intact.

    The sessions and the options are lost; the shards are kept then.

    Raises
    ------
    FileError
        The system refuses to read a shard; or none is intact, and one is refused, as by
        a newer critdamp.
    """
    refused = None
    for path in sorted(parts.folder.glob("shard-*.h5")):
        try:
            if record := _record_of(path):
                return record
        except RefusedError:
            raise
        except FileError as error:
            refused = refused or error
        except Exception as error:  # damaged: the next one may be intact
            refuse(path, error)
    if refused is not None:
        raise refused
    return None


def _record_of(path: Path) -> Record | None:
    with open_own(path) as file:
        refuse_newer(path, operator.index(file.attrs["format_version"]), RUN)
        plan = Plan.from_dict(json.loads(read_bounded(file["plan"])))
        names = tuple(quantity.name for quantity in plan.quantities)
        if not sealed(file, names):
            return None
        compression = file[names[0]].compression is not None
        return Record(plan, compression, keep_shards=True, uuid=str(file.attrs["uuid"]))
