"""Makes each mistake in a copy of the tree and runs its tests there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.mutants.catalogue import Mutant
from pipeline.errors import ToolchainError
from pipeline.progress import Progress

TEST_SECONDS = 900
ALL_SECONDS = 3600
"""For the tests of all mutants, before the first."""
_FAILED = 1
"""pytest's exit status when it ran tests and some failed; others mean that none ran."""


@dataclass(frozen=True)
class Verdict:
    """What the tests said to a mutant: "killed" is the good answer.

    Attributes:
        word: "killed", "survived", or "no verdict" where the tests could not run.
        failed: the first test that failed; else the end of pytest's output.
    """

    mutant: Mutant
    word: str
    failed: str


def judge(mutants: Sequence[Mutant], root: Path, progress: Progress) -> Iterator[Verdict]:
    """Tries every mutant on a copy of the tree at ``root``.

    Raises:
        UsageError: a mutant does not apply.
        ToolchainError: a test fails, or none runs, without any mutant.
    """
    with _copy(root) as tree:
        texts = [mutant.mutated(tree) for mutant in mutants]
        tests = sorted({test for mutant in mutants for test in mutant.tests})
        with progress.task("Tests without a mutant", 1):
            status, output = _test(tree, tests, ALL_SECONDS)
        if status != 0:
            raise ToolchainError(f"the tests fail without any mutant:\n{output[-2000:]}", "make them pass first")
        with progress.task("Mutants", len(mutants)) as task:
            for mutant, text in zip(mutants, texts, strict=True):
                path = tree / mutant.file
                sound = path.read_text("utf-8")
                path.write_text(text, "utf-8")
                try:
                    yield _verdict(mutant, *_test(tree, mutant.tests))
                finally:
                    path.write_text(sound, "utf-8")
                task.advance(note=mutant.name)


def _verdict(mutant: Mutant, status: int, output: str) -> Verdict:
    lines = output.strip().splitlines()
    failed = next((line.split()[1] for line in lines if line.startswith("FAILED ")), lines[-1] if lines else "")
    word = {_FAILED: "killed", 0: "survived"}.get(status, "no verdict")
    return Verdict(mutant, word, failed)


@contextmanager
def _copy(root: Path) -> Iterator[Path]:
    """All files that git knows or would take, in a temporary folder."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolchainError(f"git cannot list the files of {root}: {error}", "mutants need a checkout") from None
    with tempfile.TemporaryDirectory(prefix="dynq-mutants-") as folder:
        for name in filter(None, os.fsdecode(listed).split("\0")):
            if (root / name).is_file():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, Path(folder) / name)
        yield Path(folder)


def _test(tree: Path, tests: Sequence[str], seconds: float = TEST_SECONDS) -> tuple[int, str]:
    """Exit status and output of pytest in a tree; bytecode of another text of the same second must not be used."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "--tb=line", "-p", "no:cacheprovider"]
    command += ["--hypothesis-seed=0", *tests]
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DYNQ_CACHE": str(tree / ".cache"),
    }
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return -1, f"no end within {seconds:g} s"
    return done.returncode, done.stdout + done.stderr
