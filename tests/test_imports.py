"""Imports go one way: lab/ may look at pipeline/, never the reverse; inside pipeline/ the upper parts at the lower."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.project import PROJECT

# A line imports from the lines below it only; parts of one line do not know each other.
ORDER = """
__main__
dynq
api build board experiment listen record search testing tune
board_report commands
doctor
searching
experiments
options
console workflow
tuning
listening report flashing training
device microphone
cost
corpus emulators export firmware
recipe
frontend layers
_native boards quantization
config cores journal protocol stages
sources
files flash
interrupt invocation progress project templates
errors
"""
LINES = [line.split() for line in ORDER.split("\n") if line]
HEIGHT = {part: -number for number, line in enumerate(LINES) for part in line}


def part_of(path: Path) -> str:
    """Name below ``pipeline``: a module or a package."""
    return path.relative_to(PROJECT / "pipeline").parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Dotted names that a file imports when it runs, those inside of functions too."""
    tree = ast.parse(path.read_text("utf-8"))
    typing = (node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    for_types = {inner for node in typing for inner in ast.walk(node)}
    for node in set(ast.walk(tree)) - for_types:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_every_part_has_its_place():
    there = {part_of(path) for path in (PROJECT / "pipeline").rglob("*.py")} - {"__init__"}
    assert there == HEIGHT.keys(), "say in ORDER where a new part of pipeline/ belongs"


@pytest.mark.parametrize("path", sorted((PROJECT / "pipeline").rglob("*.py")), ids=lambda path: path.stem)
def test_imports_go_down(path: Path):
    part = part_of(path)
    for name in imported(path):
        root, _, rest = name.partition(".")
        assert root not in ("lab", "tests"), f"{path} imports {name}: the product knows nothing of its laboratory"
        below = rest.split(".")[0]
        if root == "pipeline" and below in HEIGHT and below != part:
            assert HEIGHT[below] < HEIGHT[part], f"{path} imports {name}, which is not below {part}"


def test_no_command_waits_for_statistics():
    """Most of scipy.stats is not needed, and it would be a third of the time in which a command says nothing."""
    for path in (PROJECT / "pipeline").rglob("*.py"):
        assert not [name for name in imported(path) if name.startswith("scipy.stats")], path


@pytest.mark.parametrize("path", sorted((PROJECT / "lab").rglob("*.py")), ids=lambda path: path.stem)
def test_the_laboratory_does_not_need_the_tests(path: Path):
    assert not [name for name in imported(path) if name.split(".")[0] == "tests"]
