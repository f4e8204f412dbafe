"""The commands that documents name exist, with the options they are given."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pipeline.project import PROJECT

DOCUMENTS = sorted(
    path
    for pattern in (
        "*.md",
        "docs/*.md",
        "firmware/**/*.md",
        "firmware/**/*.ino",
        "models/*.toml",
        "models/*.md",
        "pipeline/build.py",
    )
    for path in PROJECT.glob(pattern)
)


def commands(path: Path) -> Iterator[list[str]]:
    """The words of every command of ours that a document names, up to a comment, a wide gap or the end of code."""
    for found in re.finditer(r"(?:python -m (?=pipeline|lab)|\b(?=dynq [a-z]))([^`\n#;)]*)", path.read_text("utf-8")):
        words = found[1].partition("   ")[0].split()
        if path.suffix == ".md" or words[0] != "dynq":  # elsewhere `dynq` is the method
            yield words


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that ``words`` start, and its arguments."""
    module = importlib.import_module("pipeline" if words[0] == "dynq" else words[0])
    if hasattr(module, "__path__"):
        module = importlib.import_module(f"{module.__name__}.__main__")
    command, rest = module.main, words[1:]
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_commands_exist(path: Path):
    for words in commands(path):
        command, rest = command_of(words)
        if isinstance(command, click.Command):
            known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
            assert {word for word in rest if word.startswith("-") and word != "-"} <= known, (
                f"{path.name}: {' '.join(words)}"
            )
            takes_words = any(isinstance(parameter, click.Argument) for parameter in command.params)
            assert takes_words or not rest or rest[0].startswith("-"), f"{path.name}: {' '.join(words)}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_make_targets_exist(path: Path):
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z-]+)", path.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= targets
