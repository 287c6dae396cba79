"""Tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Sequence

# width where stdout is not a terminal, so that lines are not folded
_WIDTH = 100_000


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table and an empty line.

    Parameters
    ----------
    columns : headings; none are shown if all are empty
    rows : cells, row by row
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=None, pad_edge=False, header_style="bold", show_header=any(columns)
    )
    for heading in columns:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    is_terminal = sys.stdout.isatty()
    console = Console(
        width=None if is_terminal else _WIDTH,
        force_terminal=is_terminal,  # whatever FORCE_COLOR says: a file has no colours
        highlight=False,
        markup=False,
        emoji=False,
    )
    with console.capture() as captured:
        console.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    sys.stdout.write("\n".join(lines) + "\n\n")
