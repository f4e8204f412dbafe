"""One way for every command to end: results, or an error that says what to do, never a traceback for a mistake."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from pipeline.errors import KwsError
from pipeline.interrupt import STATUS, end_in_order

console = Console(stderr=False, soft_wrap=True)
stderr = Console(stderr=True, soft_wrap=True)


@contextmanager
def guarded() -> Iterator[None]:
    """Turns a :class:`KwsError`, Ctrl-C or a full disk into a message and an exit status."""
    end_in_order()
    try:
        yield
    except KwsError as error:
        stderr.print(f"[bold red]error:[/] {escape(error.message)}")
        if error.hint:
            stderr.print(f"[bold]hint:[/] {escape(error.hint)}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        stderr.print("[bold]interrupted.[/] Finished stages are kept; run the same command again to go on.")
        sys.exit(STATUS)
    except BrokenPipeError:  # output piped into a program that stopped reading
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        stderr.print(f"[bold red]error:[/] {escape(str(error))}")
        stderr.print("[bold]hint:[/] check the path, its permissions and the free space, then run this again")
        sys.exit(1)
