"""Closed forms in decimal numbers, which neither overflow nor cancel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal, localcontext

# sums and products of two doubles cancel to 32 digits at least, their roots to 16
_DIGITS, _EXPONENTS = 100, 100_000


@contextmanager
def decimals() -> Iterator[None]:
    """Compute with `Decimal` to 100 digits in the block, in any range."""
    with localcontext(Context(_DIGITS, Emin=-_EXPONENTS, Emax=_EXPONENTS)):
        yield


def minus_log(x: Decimal, one_minus_x: Decimal) -> float:
    """Return −ln x for 0 ≤ x ≤ 1, given 1 − x too; error below 2 ulp."""
    if one_minus_x < Decimal("0.5"):
        return -math.log1p(-float(one_minus_x))
    return -math.log(float(x)) if x else math.inf
