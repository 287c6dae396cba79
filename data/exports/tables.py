"""Export of tables with one row for each point: .csv and .parquet."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from critdamp.engine.extras import load

from ..storage.memory_budget import ask
from .columns import Columns

# rows that are formatted at a time
_LINES = 2**13
# bytes that the text of a number takes in memory
_TEXT = 100
# blocks among which the middle one is, for the size of a table
_BLOCKS = 2**12


def _to_csv(columns: Columns, path: Path) -> None:
    """Write CSV; floats have 17 digits, which are exact, and codes are integers."""
    ask(columns.path, _TEXT * sum(scale.size for scale in columns.scales.values()))
    scales = {n: np.array(_texts(v), dtype=object) for n, v in columns.scales.items()}
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join((*scales, *columns.names)) + "\n")
        for block in columns.blocks(scales):
            for start in range(0, len(block[columns.names[0]]), _LINES):
                texts = [_texts(v[start : start + _LINES]) for v in block.values()]
                rows = zip(*texts, strict=True)
                file.writelines(f"{','.join(row)}\n" for row in rows)


def _texts(values: npt.NDArray[Any]) -> list[str]:
    """Return values as text; texts are returned as they are."""
    if values.dtype.kind == "O":
        return list(values)
    form = "%.17g" if values.dtype.kind == "f" else "%d"
    return [form % value for value in values.tolist()]


def size_of_csv(columns: Columns) -> int:
    """Return about how many bytes the table has, from rows of its middle block."""
    blocks = list(itertools.islice(columns.pieces(columns.names[0]), _BLOCKS))
    where = tuple(
        slice(side.start, side.start + 1)
        if i < len(columns.shape) - 1
        else slice(side.start, min(side.stop, side.start + _LINES))
        for i, side in enumerate(blocks[len(blocks) // 2])
    )
    values = [columns.read(name, where).ravel() for name in columns.names]
    # an axis has the same texts again and again
    axes = [scale[:: max(1, scale.size // _LINES)] for scale in columns.scales.values()]
    texts = [_texts(column) for column in (*axes, *values)]
    row = sum(sum(map(len, column)) / len(column) + 1 for column in texts)
    return round(row * math.prod(columns.shape))


def _to_parquet(columns: Columns, path: Path) -> None:
    """Write Parquet with units and long names as metadata of the columns."""
    arrow, parquet = (load(m, "parquet") for m in ("pyarrow", "pyarrow.parquet"))
    fields = []
    for name in (*columns.scales, *columns.names):
        attributes = columns.file[name].attrs
        metadata = {key: str(attributes.get(key, "")) for key in ("units", "long_name")}
        dtype = arrow.from_numpy_dtype(columns.file[name].dtype)
        fields.append(arrow.field(name, dtype, metadata=metadata))
    schema = arrow.schema(fields)
    with parquet.ParquetWriter(path, schema) as writer:
        for block in columns.blocks(columns.scales):
            writer.write_table(arrow.table(block, schema=schema))
