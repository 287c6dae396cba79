"""Encoding of byte planes as one zlib stream.

The low bytes of most doubles are noise, on which deflate spends its time without any
gain. Leading planes that look like noise are written as stored blocks; only the planes
after them are deflated.
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

# h5py options of a dataset with HDF5's built-in shuffle and deflate filters
DEFLATE: dict[str, Any] = {
    "compression": "gzip",
    "compression_opts": 1,
    "shuffle": True,
}
ENCODER = "zlib" if encoder is zlib else "isal"
# same result as zlib.crc32, five times as fast
crc32 = encoder.crc32
# the levels of isal differ from those of zlib; both of these are fast ones
_LEVEL = 1 if encoder is zlib else 2
# samples of a plane, and bytes of each
_SAMPLES, _SAMPLE = 6, 1024
# compressed size of a sample of noise, relative to the sample
_NOISE = 0.95
# maximum length of a stored block
_STORED = 65535
# words that are shuffled at a time
_BLOCK = 2048


@cached
def shuffle(words: Any, planes: Any) -> None:
    """Write byte b of each word to row b of `planes`, like the HDF5 shuffle filter.

    The words are processed in blocks that fit into the L1 cache.
    """
    for start in range(0, words.size, _BLOCK):
        block = words[start : start + _BLOCK]
        for b in range(planes.shape[0]):
            plane = planes[b, start : start + _BLOCK]
            shift = 8 * b
            for i in range(block.size):
                plane[i] = (block[i] >> shift) & 255


def pack(planes: npt.NDArray[np.uint8]) -> bytes:
    """Return the zlib stream of the bytes of `planes` (n_planes, n), in row order."""
    data = planes.data.cast("B")
    split = _noise(planes) * planes.shape[1]
    parts: list[Any] = [b"\x78\x01"]
    for start in range(0, split, _STORED):
        block = data[start : min(start + _STORED, split)]
        size = len(block)
        parts += (struct.pack("<BHH", 0, size, size ^ 0xFFFF), block)
    parts.append(encoder.compress(data[split:], _LEVEL, wbits=-15))
    parts.append(struct.pack(">I", encoder.adler32(data)))
    return b"".join(parts)


def _noise(planes: npt.NDArray[np.uint8]) -> int:
    """Return the number of leading planes that look like noise, by bisection."""
    low, high = 0, len(planes)
    while low < high:
        middle = (low + high) // 2
        if _looks_like_noise(planes[middle]):
            low = middle + 1
        else:
            high = middle
    return low


def _looks_like_noise(plane: npt.NDArray[np.uint8]) -> bool:
    step = max(plane.size // _SAMPLES, _SAMPLE)
    starts = range(0, plane.size, step)
    sample = b"".join(plane[start : start + _SAMPLE].data for start in starts)
    compressed = len(encoder.compress(sample, _LEVEL, wbits=-15))
    return compressed > _NOISE * len(sample)
