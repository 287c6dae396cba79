"""Small tiles and shards, so that a small sweep has many of both; a child for kills.

Run as a script, it begins or resumes the sweep at the path it is given, in a process
of its own. It says «ready» once all is compiled, and then goes on when it is told to.
"""

import functools
import resource
import sys
from pathlib import Path

import h5py

from critdamp.data.shards import partition
from critdamp.data.sweeps.sweep import resume, sweep
from critdamp.engine.errors import CritdampError
from critdamp.engine.maps import grid, pieces, plan
from critdamp.engine.maps.compute import TileComputer

SETTINGS = (
    (grid, "CHUNK_POINTS", 2**7),
    (plan, "Grid", functools.partial(grid.Grid, tile_points=2**9)),
    (partition, "SHARD_BYTES", 2**14),
    # `stop` is asked after each tile only, on a slow machine too
    (pieces, "SECONDS", 1e9),
)


def small_plan(**changed):
    """Return a plan with edges that are cut, of all kinds of quantities."""
    given = {
        "quantities": ("spectral_radius", "regime", "settling_time"),
        "eps": grid.Axis.log(1e-3, 4, 31),
        "p": grid.Axis.lin(0, 0.999, 21),
        "k": grid.Axis.log(1e-2, 1, 13),
    }
    return plan.Plan(**{**given, **changed})


def few_tiles(**changed):
    """Return a plan of few tiles and shards."""
    given = {
        "quantities": ("spectral_radius", "settling_time"),
        "eps": grid.Axis.log(1e-3, 4, 11),
        "p": grid.Axis.lin(0, 0.999, 13),
        "k": grid.Axis.log(1e-2, 1, 21),
    }
    return small_plan(**given, **changed)


def spoil(path, number):
    """Overwrite the begin of a chunk of a run's spectral radius."""
    with h5py.File(path, "r") as file:
        place = file["spectral_radius"].id.get_chunk_info(number).byte_offset
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * 20)


def main() -> None:
    """Sweep or resume; the second argument limits the size of files."""
    for module, name, value in SETTINGS:
        setattr(module, name, value)
    path, what = Path(sys.argv[1]), small_plan()
    TileComputer(what)(what.grid.tile(0))
    print("ready", flush=True)
    sys.stdin.readline()
    if sys.argv[2:]:
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    begun = path.with_name(path.name + ".parts") / "plan.json"
    try:
        limited = len(sys.argv) > 2  # it is tried although there is no room
        run = resume(path) if begun.exists() else sweep(what, path, force=limited)
    except CritdampError as error:
        sys.exit(str(error))
    run.close()


if __name__ == "__main__":
    main()
