"""How the tiles of a plan are divided into shards."""

import math
from dataclasses import dataclass

from critdamp.engine.maps.plan import Plan

SHARD_BYTES = 2**27
MAX_SHARDS = 500


@dataclass(frozen=True)
class ShardPartition:
    """How a plan's tiles are shared out to shards, by the plan alone.

    Attributes
    ----------
    tiles : number of tiles
    each : consecutive tiles that a shard covers
    """

    tiles: int
    each: int

    @classmethod
    def of(cls, plan: Plan) -> "ShardPartition":
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
