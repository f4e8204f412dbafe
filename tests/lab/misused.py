"""Commands that end in different ways, for the judge of the misuse campaign."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str], prog_name: str = "") -> None:
    match arguments[0]:
        case "traceback":
            raise ValueError("a bug")
        case "silent":
            sys.exit("no")
        case "hint":
            sys.exit("error: no\nhint: try again")
        case "wait":
            time.sleep(600)
        case "full":
            try:
                Path("large").write_bytes(b"1" * 1000)
            except OSError:
                sys.exit("hint: make room")


if __name__ == "__main__":
    main(sys.argv[1:])
