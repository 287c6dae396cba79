"""docs/equations.md and the docstrings of the code name the same equations."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/equations.md").read_text(encoding="utf-8")
FOLDERS = ("engine", "data", "cli", "src/critdamp")
CITATION = re.compile(r"\[((?:Eq\.|Result) \d+)\]")
# what stands for a citation and is none that a search finds
MISFORMED = re.compile(
    r"(?<!\[)\b(?:Eqs?\.|Results?) \d|\[(?:Eqs?\.|Results?)[^\]]*[,a]"
)


def rows(heading):
    """Return the cells of the table below a heading, by equation."""
    _, below = PAGE.split(f"## {heading}\n", 1)
    body = re.search(r"^\|.*\n\|[-|]+\n((?:\|.*\n)+)", below, re.M)[1]
    cells = (re.split(r"(?<!\\)\|", row)[1:-1] for row in body.splitlines())
    found = [[cell.strip() for cell in row] for row in cells]
    return {name: rest for name, *rest in found}


WITH_CODE, WITHOUT = rows("With code"), rows("Without code")
NAMED = [
    (equation, *re.findall(r"`([^`]+)`", cells[1]))
    for equation, cells in WITH_CODE.items()
]


def docstrings():
    """Yield the dotted name and the docstring of each definition in the code."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = path.relative_to(ROOT).with_suffix("").as_posix()
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from _docstrings(tree, module.replace("/", "."))


def _docstrings(node, name):
    yield name, ast.get_docstring(node) or ""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield from _docstrings(child, f"{name}.{child.name}")


DOCSTRINGS = dict(docstrings())


def resolved(name):
    """Return what a dotted name below critdamp stands for."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(f"critdamp.{'.'.join(parts[:count])}")
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def test_each_equation_is_in_one_table():
    expected = {f"Eq. {n}" for n in range(1, 37)} | {f"Result {n}" for n in (1, 2, 3)}
    assert set(WITH_CODE) | set(WITHOUT) == expected
    assert not set(WITH_CODE) & set(WITHOUT)


@pytest.mark.parametrize(("equation", "code"), [(e, c) for e, *cs in NAMED for c in cs])
def test_what_is_named_is_there_and_cites_it(equation, code):
    if "/" in code:
        assert (ROOT / code).is_file()
        return
    assert resolved(code) is not None
    assert f"[{equation}]" in DOCSTRINGS[code]


@pytest.mark.parametrize("equation", WITH_CODE)
def test_tests_are_there(equation):
    named = re.findall(r"`([^`]+)::([^`]+)`", WITH_CODE[equation][2])
    assert named
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_what_is_cited_is_in_the_table():
    cited = {one for text in DOCSTRINGS.values() for one in CITATION.findall(text)}
    assert cited <= set(WITH_CODE)


def test_a_citation_has_a_bracket_of_its_own():
    wrong = [name for name, text in DOCSTRINGS.items() if MISFORMED.search(text)]
    assert not wrong
