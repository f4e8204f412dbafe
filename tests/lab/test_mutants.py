"""The list of mutants fits the code, and a mutant that no test notices is told."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from lab.mutants.catalogue import Mutant, load_catalogue
from lab.mutants.run import judge
from pipeline.errors import ToolchainError, UsageError
from pipeline.progress import SILENT
from pipeline.project import PROJECT

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("mutant", CATALOGUE, ids=lambda mutant: mutant.name)
def test_a_mutant_applies_and_its_tests_are_there(mutant: Mutant):
    assert mutant.mutated(PROJECT) != (PROJECT / mutant.file).read_text("utf-8")
    for test in mutant.tests:
        path, _, function = test.partition("::")
        text = (PROJECT / path).read_text("utf-8") if (PROJECT / path).is_file() else ""
        assert (PROJECT / path).exists()
        assert not function or re.search(rf"^def {function.partition('[')[0]}\(", text, re.MULTILINE)


def test_there_are_enough():
    assert len(CATALOGUE) >= 30
    assert len({mutant.file for mutant in CATALOGUE}) >= 20


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of one function and two tests, of which one looks."""
    (tmp_path / "sum.py").write_text("def add(a, b):\n    return a + b\n")
    (tmp_path / "test_sum.py").write_text(
        "from sum import add\n\ndef test_looks():\n    assert add(2, 3) == 5\n\ndef test_looks_away():\n    add(2, 3)\n"
    )
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def mutant(new: str, test: str, old: str = "a + b") -> Mutant:
    return Mutant(new, "sum.py", old, new, (f"test_sum.py::{test}",))


def test_what_tests_notice_is_killed_and_the_tree_stays_as_it_was(tree: Path):
    mutants = [mutant("a - b", "test_looks"), mutant("a * b", "test_looks_away"), mutant("a + b)", "test_looks")]
    verdicts = list(judge(mutants, tree, SILENT))
    assert [verdict.word for verdict in verdicts] == ["killed", "survived", "no verdict"]  # the last is no Python
    assert verdicts[0].failed == "test_sum.py::test_looks"
    assert (tree / "sum.py").read_text() == "def add(a, b):\n    return a + b\n"


def test_a_mutant_that_does_not_apply_or_a_test_that_fails_anyway_is_an_error(tree: Path):
    with pytest.raises(UsageError, match="old text 0 times"):
        list(judge([mutant("a", "test_looks", old="a % b")], tree, SILENT))
    (tree / "test_sum.py").write_text("def test_looks():\n    assert False\n")
    with pytest.raises(ToolchainError, match="without any mutant"):
        list(judge([mutant("a - b", "test_looks")], tree, SILENT))


@pytest.mark.parametrize("line", ['new = "a"', 'tests = []\nnew = "b"', 'tests = ["t"]'])
def test_a_list_with_a_mistake_is_refused(line: str, tmp_path: Path):
    path = tmp_path / "list.toml"
    path.write_text(f'[[mutant]]\nname = "m"\nfile = "f"\nold = "a"\n{line}\n')
    with pytest.raises(UsageError):
        load_catalogue(path)
