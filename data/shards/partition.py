"""Partition of the tiles of a plan into shards."""

import math
from dataclasses import dataclass

from critdamp.engine.maps.plan import Plan

SHARD_BYTES = 2**27
MAX_SHARDS = 500


@dataclass(frozen=True)
class ShardPartition:
    """The partition of tiles into shards, which depends on the plan alone.

    Attributes
    ----------
    tiles : number of tiles
    each : number of consecutive tiles in a shard
    """

    tiles: int
    each: int

    @classmethod
    def of(cls, plan: Plan) -> "ShardPartition":
        """Return a partition into shards of about 128 MiB, at most about 500."""
        tiles = plan.grid.n_tiles
        shard_bytes = max(SHARD_BYTES, plan.nbytes / MAX_SHARDS)
        return cls(tiles, max(1, math.ceil(shard_bytes * tiles / plan.nbytes)))

    @property
    def shards(self) -> int:
        """Return the number of shards."""
        return -(-self.tiles // self.each)

    def shard_of(self, tile: int) -> int:
        """Return the index of the shard of a tile."""
        return tile // self.each

    def tiles_of(self, shard: int) -> range:
        """Return the indices of the tiles of a shard."""
        first = shard * self.each
        return range(first, min(first + self.each, self.tiles))
