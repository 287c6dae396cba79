"""The kinds of file that critdamp writes; each is a line of `KINDS`."""

from ..storage.open_hdf5 import Kind
from .unfinished import how_to_go_on

RUN = Kind("critdamp-run", 1, "a run", needs=("plan",), if_missing=how_to_go_on)
SPECTRUM = Kind(
    "critdamp-spectrum", 1, "a spectrum", needs=("k", "weights", "displacement")
)
TRAJECTORY = Kind("critdamp-trajectory", 1, "a trajectory", needs=("distance",))
KINDS = (RUN, SPECTRUM, TRAJECTORY)
