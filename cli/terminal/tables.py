"""Tables on stdout, plain where nobody looks at colours."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_WIDTH = 100_000


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table and an empty line; it is never folded in a pipe or a file."""
    from rich.console import Console
    from rich.table import Table

    named = any(head)
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=named)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else _WIDTH
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    sys.stdout.write("\n".join(lines) + "\n\n")
