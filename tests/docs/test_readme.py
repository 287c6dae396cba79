"""Commands and programs on these pages run, and print what the pages say.

The blocks of a page run one after the other, in one folder. A line «…» stands for any
lines, and «…» in a line for any text. `echo $?` shows the exit status of the command
before it, which is 0 otherwise. A TOML block is written to plan.toml. What a program
prints stands in the comment behind each `print`.
"""

import contextlib
import io
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/tutorial.md", "docs/how-to.md")
NOT_RUN = ("make",)


def blocks(page):
    """Return the language and the text of each block of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)


def pattern(shown):
    """Return what matches the lines that are shown, «…» standing for any text."""
    parts = []
    for line in shown:
        any_text = "[^\n]*".join(map(re.escape, line.rstrip().split("…")))
        parts.append(r"(?:[^\n]*\n)*?" if line.strip() == "…" else any_text + "\n")
    return re.compile("".join(parts))


def lines(text):
    """Return a text without blanks at the ends of its lines, and at its own end."""
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


def check_commands(critdamp, block):
    """Run the commands of a block; return how many there were."""
    count, result = 0, None
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, *shown = part.replace("\\\n", "").splitlines()
        name, *arguments = shlex.split(command)
        if name in NOT_RUN:
            continue
        if command == "echo $?":
            assert shown == [str(result.code)]
            result = None
            continue
        assert name == "critdamp", command
        assert result is None or result.code == 0, result.err
        result, count = critdamp(*arguments), count + 1
        said = lines(result.out + result.err), lines(result.err + result.out)
        assert any(map(pattern(shown).fullmatch, said)), (command, said[0])
    assert result is None or result.code == 0, result.err
    return count


def check_program(program, names):
    """Run a program; what it prints is in the comments behind `print`."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, names)
    shown = re.findall(r"^ *print\(.*\) +# (.*)$", program, re.M)
    assert pattern(shown).fullmatch(printed.getvalue()), printed.getvalue()


def runs_here(program):
    """Tell whether what a program imports is installed."""
    return "import torch" not in program or find_spec("torch") is not None


@pytest.mark.parametrize("page", PAGES)
def test_blocks_print_what_is_shown(critdamp, tmp_path, page):
    names, ran = {}, 0
    for language, block in blocks(page):
        if language == "toml":
            (tmp_path / "plan.toml").write_text(block, encoding="utf-8")
        elif language == "console":
            ran += check_commands(critdamp, block)
        elif language == "python" and runs_here(block):
            check_program(block, names)
            ran += 1
    assert ran >= 3
