"""Writes what the documents show of the code: the rooms, and the tables of names.

    python docs/generate.py           writes the documents again
    python docs/generate.py --check   says which are out of date, with exit status 1

A generated part stands between the comments «<!-- generated: NAME -->» and
«<!-- end -->».
"""

import importlib
import inspect
import re
import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PACKAGES = ("cli", "data", "engine")
PART = r"(<!-- generated: {} -->\n).*?(<!-- end -->)"


def floors(package):
    """Return the rooms of a package, from the top, floor by floor."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    name = f"critdamp.{package}"
    (layers,) = (c["layers"] for c in contracts if c.get("containers") == [name])
    return [floor.split(" | ") for floor in layers]


def below(graph, package, room):
    """Return the rooms of the package that a room imports from."""
    name = f"critdamp.{package}.{room}"
    inside = {name, *graph.find_descendants(name)}
    found = {
        one
        for module in inside
        for one in graph.find_modules_directly_imported_by(module)
    }
    prefix = f"critdamp.{package}."
    rooms = {
        m.removeprefix(prefix).split(".")[0] for m in found if m.startswith(prefix)
    }
    return rooms - {room}


def rooms():
    """Return the picture of the rooms, with what each one is and imports."""
    graph = grimp.build_graph("critdamp")
    lines = ["```"]
    for package in PACKAGES:
        lines.append(f"{package}  {summary(f'critdamp.{package}')}")
        order = [room for floor in floors(package) for room in floor]
        for floor in floors(package):
            for number, room in enumerate(floor):
                mark = "─" if number == 0 else " "
                about = summary(f"critdamp.{package}.{room}")
                lines.append(f"  {mark} {room:20} {about}")
                used = below(graph, package, room)
                if used:
                    arrows = ", ".join(one for one in order if one in used)
                    lines.append(f"    {'':20} ↓ {arrows}")
        lines.append("")
    return "\n".join([*lines[:-1], "```", ""])


def summary(module):
    """Return the first line of a module's docstring."""
    return (inspect.getdoc(importlib.import_module(module)) or "").splitlines()[0]


def quantities():
    """Return the table of the quantities of one mode."""
    registry = importlib.import_module("critdamp.engine.quantities.registry")
    return table(registry.QUANTITIES.values())


def spectrum_quantities():
    """Return the table of the quantities of a whole spectrum."""
    name = "critdamp.engine.spectrum_quantities.registry"
    return table(importlib.import_module(name).SPECTRUM_QUANTITIES.values())


def table(known):
    """Return a table of quantities, from what files say of them."""
    rows = [
        "| quantity | what it is | unit | type | special values |",
        "|---|---|---|---|---|",
    ]
    for one in known:
        comment = one.comment.replace("|", r"\|")
        cells = f"`{one.shown}`", one.long_name, one.units, one.dtype, comment
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, ""])


def methods():
    """Return the table of the methods."""
    known = importlib.import_module("critdamp.engine.modes.methods").METHODS
    rows = ["| method | what it is | parameters |", "|---|---|---|"]
    for one in known.values():
        names = ", ".join(f"`{name}`" for name in one.parameters)
        rows.append(f"| `{one.name}` | {one.long_name} | {names} |")
    return "\n".join([*rows, ""])


PARTS = {
    "ARCHITECTURE.md": (rooms,),
    "docs/reference.md": (methods, quantities, spectrum_quantities),
}


def generated(path, makers):
    """Return a document with its generated parts as they have to be."""
    text = path.read_text(encoding="utf-8")
    for make in makers:
        name = make.__name__.replace("_", " ")
        pattern = re.compile(PART.format(name), re.S)
        if len(pattern.findall(text)) != 1:
            raise SystemExit(f"{path}: no part «generated: {name}»")
        new = make()
        text = pattern.sub(lambda match, new=new: f"{match[1]}{new}{match[2]}", text)
    return text


def main():
    """Write the documents, or check them."""
    old = []
    for name, makers in PARTS.items():
        text = generated(ROOT / name, makers)
        if text != (ROOT / name).read_text(encoding="utf-8"):
            old.append(name)
            if "--check" not in sys.argv:
                (ROOT / name).write_text(text, encoding="utf-8")
    if old and "--check" in sys.argv:
        sys.exit(f"out of date, run «make docs»: {', '.join(old)}")


if __name__ == "__main__":
    main()
