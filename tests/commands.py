"""Commands as a user types them: in a process of their own, or, sooner by seconds of imports, in this one."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

Run = subprocess.CompletedProcess[str]


def command(
    module: str, *arguments: str | Path, environment: dict[str, str] | None = None, seconds: float = 1800
) -> Run:
    """``python -m module``: for what its process does, like the status that it exits with."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=seconds, env={**os.environ, **(environment or {})}, check=False
    )


def called(module: str, *arguments: str | Path) -> Run:
    """The same command, called: for what it says and writes. What is no mistake of a user's is raised."""
    done = CliRunner().invoke(importlib.import_module(module).main, list(map(str, arguments)))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Run(arguments, done.exit_code, done.stdout, done.stderr)


def refused(run: Run, *expected: str, status: int = 1) -> None:
    """The run ended with an error that says all of ``expected``, a hint, and no traceback."""
    assert run.returncode == status, run.stdout + run.stderr
    assert "Traceback" not in run.stderr + run.stdout
    assert "hint:" in run.stderr
    for text in expected:
        assert text in run.stderr
