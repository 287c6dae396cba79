"""The README's commands and programs run, and print what it says they print."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language):
    """Return the README's blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def shape(line):
    """Return what tells whether a line is the one shown, «…» standing for any text."""
    return re.compile(".*".join(map(re.escape, line.split("…")))).fullmatch


def test_commands_print_what_is_shown(critdamp, tmp_path):
    (plan,) = blocks("toml")
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    asked = 0
    for part in re.split(r"^\$ ", "".join(blocks("console")), flags=re.M)[1:]:
        command, *shown = part.replace("\\\n", "").splitlines()
        name, *arguments = shlex.split(command)
        if name != "critdamp":
            continue
        result = critdamp(*arguments)
        assert result.code == 0, result.err
        printed = [line.rstrip() for line in (result.out + result.err).splitlines()]
        missing = [line for line in shown if not any(map(shape(line), printed))]
        assert not missing, (command, printed)
        asked += 1
    assert asked >= 5


def test_programs_run_as_written(critdamp, capsys):
    names = {}
    for program in blocks("python"):
        if "import torch" in program and find_spec("torch") is None:
            continue
        exec(program, names)
        said = re.findall(r"^ *print\(.*\) +# (.*)$", program, re.M)
        assert capsys.readouterr().out.splitlines() == said
