"""Where the project's own files are, and where runs keep what they share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline.errors import ToolchainError

PACKAGE = Path(__file__).resolve().parent
"""Folder of the Python package."""


def _project_folder() -> Path:
    checkout = PACKAGE.parent
    return checkout if (checkout / "platformio.ini").is_file() else PACKAGE / "_project"


PROJECT = _project_folder()
"""Folder of ``firmware/``, ``models/`` and ``platformio.ini``: the checkout, else the copy in the installed package.
Nothing is written there: it may be read-only."""


def cache_folder(name: str) -> Path:
    """A folder for what can be made again: below ``DYNQ_CACHE``, else the user's cache folder, else a temporary one.

    Raises:
        ToolchainError: none of them can be written to.
    """
    named = os.environ.get("DYNQ_CACHE")
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "dynq"
    folder = base / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):
        fallback = Path(tempfile.gettempdir()) / f"dynq-{os.getuid()}"
        fallback.mkdir(mode=0o700, exist_ok=True)
        if fallback.stat().st_uid != os.getuid():
            raise ToolchainError(f"{fallback} belongs to another user", "set DYNQ_CACHE to a folder of yours") from None
        folder = fallback / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
