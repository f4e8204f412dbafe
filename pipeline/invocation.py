"""How the commands are called here, for whoever is told to type the next one."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def typed(command: str, *arguments: str) -> str:
    """A command as a shell takes it: ``dynq COMMAND`` where that is what was started, else ``python -m``."""
    start = ("dynq", command) if Path(sys.argv[0]).stem == "dynq" else ("python", "-m", f"pipeline.{command}")
    return shlex.join([*start, *arguments])
