"""Byte planes as one zlib stream, which any inflate reads.

The lower bytes of doubles that differ are noise, which deflate turns over for long and
leaves as it was. The leading planes that look so are stored, as blocks of the stream
that hold plain bytes; only what follows them is deflated.
"""

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from critdamp.engine.backends.compile import cached

encoder: Any
try:
    from isal import isal_zlib as encoder
except ImportError:
    encoder = zlib

# options of h5py for a dataset whose chunks any reader inflates and puts in order
DEFLATE: dict[str, Any] = {
    "compression": "gzip",
    "compression_opts": 1,
    "shuffle": True,
}
ENCODER = "zlib" if encoder is zlib else "isal"
# the same number, five times as fast
crc32 = encoder.crc32
# isal's levels are others than zlib's; both of these are for speed
_LEVEL = 1 if encoder is zlib else 2
_PIECES, _PIECE = 6, 1024
_NOISE = 0.95
_STORED = 65535
_BLOCK = 2048


@cached
def shuffle(words: Any, planes: Any) -> None:
    """Write byte b of each word to row b of `planes`, as HDF5's shuffle does.

    In blocks that stay in the nearest cache while their bytes are taken apart.
    """
    for start in range(0, words.size, _BLOCK):
        block = words[start : start + _BLOCK]
        for b in range(planes.shape[0]):
            plane = planes[b, start : start + _BLOCK]
            shift = 8 * b
            for i in range(block.size):
                plane[i] = (block[i] >> shift) & 255


def pack(planes: npt.NDArray[np.uint8]) -> bytes:
    """Return the zlib stream of all bytes of `planes` (n_planes, n), row after row."""
    noise = _noise(planes)
    everything = planes.data.cast("B")
    split = noise * planes.shape[1]
    parts: list[Any] = [b"\x78\x01"]
    for at in range(0, split, _STORED):
        block = everything[at : min(at + _STORED, split)]
        size = len(block)
        parts += (struct.pack("<BHH", 0, size, size ^ 0xFFFF), block)
    parts.append(encoder.compress(everything[split:], _LEVEL, wbits=-15))
    parts.append(struct.pack(">I", encoder.adler32(everything)))
    return b"".join(parts)


def _noise(planes: npt.NDArray[np.uint8]) -> int:
    """Return how many leading planes look like noise, found by halving."""
    low, high = 0, len(planes)
    while low < high:
        middle = (low + high) // 2
        if _looks_like_noise(planes[middle]):
            low = middle + 1
        else:
            high = middle
    return low


def _looks_like_noise(plane: npt.NDArray[np.uint8]) -> bool:
    step = max(plane.size // _PIECES, _PIECE)
    pieces = (plane[at : at + _PIECE].data for at in range(0, plane.size, step))
    sample = b"".join(pieces)
    packed = len(encoder.compress(sample, _LEVEL, wbits=-15))
    return packed > _NOISE * len(sample)
