"""Tables for other programs, a row for each point: .csv and .parquet."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from critdamp.engine.errors import CritdampError

from .columns import Columns

# lines that are text at a time
_LINES = 2**13


def _to_csv(columns: Columns, path: Path) -> None:
    """Write text: 17 digits, which are exact; inf, nan, and codes as numbers."""
    scales = {n: np.array(_texts(v), dtype=object) for n, v in columns.scales.items()}
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join((*scales, *columns.names)) + "\n")
        for block in columns.blocks(scales):
            for start in range(0, len(block[columns.names[0]]), _LINES):
                some = (_texts(v[start : start + _LINES]) for v in block.values())
                file.writelines(f"{','.join(row)}\n" for row in zip(*some, strict=True))


def _texts(values: npt.NDArray[Any]) -> list[str]:
    if values.dtype.kind == "O":
        return list(values)
    form = "%.17g" if values.dtype.kind == "f" else "%d"
    return [form % value for value in values.tolist()]


def _to_parquet(columns: Columns, path: Path) -> None:
    try:
        arrow, parquet = map(import_module, ("pyarrow", "pyarrow.parquet"))
    except ImportError:
        raise CritdampError(
            "pyarrow is not installed: pip install 'critdamp[parquet]'"
        ) from None
    fields = []
    for name in (*columns.scales, *columns.names):
        attributes = columns.file[name].attrs
        known = {key: str(attributes.get(key, "")) for key in ("units", "long_name")}
        kind = arrow.from_numpy_dtype(columns.file[name].dtype)
        fields.append(arrow.field(name, kind, metadata=known))
    schema = arrow.schema(fields)
    with parquet.ParquetWriter(path, schema) as writer:
        for block in columns.blocks(columns.scales):
            writer.write_table(arrow.table(block, schema=schema))
