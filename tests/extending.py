"""docs/extending.md in a copy of the project: what its parts say to write, and programs run on the result."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline.project import PROJECT


def copy_project(folder: Path, *parts: str) -> Path:
    """Copies ``firmware``, ``pipeline`` and ``platformio.ini``, and further folders and files by name."""
    for part in ("firmware", "pipeline", "platformio.ini", *parts):
        if (PROJECT / part).is_dir():
            shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / part, folder / part)
    return folder


def blocks(part: str, languages: list[str]) -> list[str]:
    """The code blocks of one part of the page, which must be of these languages."""
    page = (PROJECT / "docs" / "extending.md").read_text()
    section = re.search(rf"^## {re.escape(part)}$.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section is not None
    found = re.findall(r"^ *```(\w+)\n(.*?)^ *```$", section[0], re.MULTILINE | re.DOTALL)
    assert [language for language, _ in found] == languages
    return [re.sub(r"^   ", "", text, flags=re.MULTILINE) for _, text in found]


def insert_before(file: Path, mark: str, text: str) -> None:
    """Puts text in front of a line, which must be there once."""
    before = file.read_text()
    assert before.count(mark) == 1, (file, mark)
    file.write_text(before.replace(mark, text + mark))


def run(folder: Path, *arguments: str) -> str:
    """Runs Python in a copy; its standard output."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout
