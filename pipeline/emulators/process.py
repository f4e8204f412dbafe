"""Emulators and other programs that stand for a board: started, watched, and never left behind."""

from __future__ import annotations

import ctypes
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_TAIL_BYTES = 2000


def die_with_parent() -> None:
    """Runs in the child: the kernel kills it when the thread that started it ends, however that ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class BoardProcess:
    """A running program that is a board to us.

    Attributes:
        port: what to open as its serial port.
    """

    name: str
    port: str
    popen: subprocess.Popen[bytes]
    log: Path

    def failure(self) -> str | None:
        """Why it cannot answer any more, with the end of its log; None while it runs."""
        status = self.popen.poll()
        if status is None:
            return None
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        tail = self.log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace").strip() if self.log.is_file() else ""
        return f"{self.name} {how}" + (f":\n{tail}" if tail else "")

    def stop(self) -> None:
        """Ends it."""
        self.popen.terminate()
        try:
            self.popen.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(timeout=3)


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    port: str,
    log: Path,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[BoardProcess]:
    """Runs a program for the duration of the block; its messages go to ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as messages:
        # a session of its own, so that Ctrl-C reaches us first and we end it in order
        popen = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=messages if stdout is None else stdout,
            stderr=messages,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    process = BoardProcess(name, port, popen, log)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.stop()
