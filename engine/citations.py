"""The paper that docstrings cite, named where people read them."""

import re
from inspect import cleandoc

_CITATION = re.compile(r"\[(?:Eq\.|Result) \d+\]")
_SOURCE = """

References
----------
[Eq. n], [Result n] : Qian 1999. N. Qian, On the momentum term in gradient descent
    learning algorithms, Neural Networks 12, 145-151
"""


def with_source(docstring: str) -> str:
    """Return a docstring, with the paper behind it if it cites an equation of it."""
    if not _CITATION.search(docstring) or _SOURCE in docstring:
        return docstring
    return cleandoc(docstring) + _SOURCE
