"""The registry says everything once, and what it names exists."""

from __future__ import annotations

import pytest

from pipeline.project import PROJECT
from pipeline.protocol.registry import Command, registry
from tools import protocol_files


@pytest.mark.parametrize("name", protocol_files.FILES)
def test_generated_files_are_current(name: str):
    assert (PROJECT / name).read_text() == protocol_files.FILES[name](), "run python -m tools.protocol_files"


def test_answers_are_lines_and_every_line_is_used():
    known = registry()
    used = {"Ready", *known.banner, *known.spoken}
    for request in (*known.commands, *known.frames):
        used |= {name for answer in request.answers for name in answer.rstrip("*?").split("|")}
    assert used == set(known.lines)


def test_identifiers_are_unique():
    known = registry()
    names = [limit.name for limit in known.limits] + [c.id for c in known.commands] + ["INVALID", "OK", "NUMBERS_MAX"]
    assert len(set(names)) == len(names)
    assert len({command.syntax for command in known.commands}) == len(known.commands)
    assert len({frame.kind for frame in known.frames}) == len(known.frames)


def test_a_command_is_not_hidden_by_a_shorter_one_before_it():
    """The firmware takes the first command whose syntax begins the text and that takes arguments or ends there."""
    earlier: list[Command] = []
    for command in registry().commands:
        for other in earlier:
            assert other.arguments == "none" or not command.syntax.startswith(f"{other.syntax} "), command.syntax
        earlier.append(command)


def test_a_command_with_arguments_has_an_example_and_a_usage():
    for command in registry().commands:
        assert bool(command.usage) == bool(command.example) == (command.arguments != "none"), command.id


def test_every_record_tells_what_it_is():
    assert [line.name for line in registry().lines.values() if line.fields and not line.summary] == []
