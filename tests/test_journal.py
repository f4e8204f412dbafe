"""A journal gives back what was added, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import KwsError
from pipeline.journal import Journal

values = st.lists(st.one_of(st.integers(), st.text(), st.dictionaries(st.text(), st.booleans())), max_size=6)


def written(path: Path, added: list, key: str = "key") -> None:
    with Journal(path, key) as journal:
        for value in added:
            journal.add(value)


def read(path: Path, key: str = "key") -> list:
    with Journal(path, key) as journal:
        return list(journal.values)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values, values)
def test_what_was_added_is_there_and_grows(tmp_path, first, second):
    path = tmp_path / "journal"
    path.unlink(missing_ok=True)
    written(path, first)
    written(path, second)
    assert read(path) == first + second
    assert read(path, "another key") == []
    assert read(path) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_costs_only_the_damaged_lines(tmp_path, data):
    path = tmp_path / "journal"
    path.unlink(missing_ok=True)
    added = [[index, "text", index / 7] for index in range(5)]
    written(path, added)
    lines = path.read_bytes().splitlines(keepends=True)
    line = data.draw(st.integers(1, 5))
    at = data.draw(st.integers(0, len(lines[line]) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != lines[line][at] and value not in b"\r\n"))
    lines[line] = lines[line][:at] + bytes((byte,)) + lines[line][at + 1 :]
    path.write_bytes(b"".join(lines))
    assert read(path) == added[: line - 1] + added[line:]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 200))
def test_a_line_cut_short_is_dropped_and_the_next_one_whole(tmp_path, cut):
    path = tmp_path / "journal"
    path.unlink(missing_ok=True)
    written(path, ["one", "two"])
    path.write_bytes(path.read_bytes()[:-cut] if cut else path.read_bytes())
    kept = read(path)
    assert kept == ["one", "two"][: len(kept)]
    written(path, ["three"])
    assert read(path) == [*kept, "three"]


def test_lines_of_another_journal_are_dropped(tmp_path):
    written(tmp_path / "own", [1, 2])
    written(tmp_path / "other", [3], "another key")
    text = (tmp_path / "own").read_text() + (tmp_path / "other").read_text()
    (tmp_path / "own").write_text(text)
    assert read(tmp_path / "own") == [1, 2]


def test_without_a_file_values_stay_in_memory():
    journal = Journal(None, "key")
    journal.add(1)
    assert journal.values == [1]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KwsError, match="cannot write"):
        Journal(tmp_path / "file" / "journal", "key")
