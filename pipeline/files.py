"""Files that are either whole or absent, and folders that one process at a time writes to."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.progress import SILENT, Progress


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary name beside ``path`` and renames it to ``path`` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise named(error, path) from None
    finally:
        temporary.unlink(missing_ok=True)


def named(error: OSError, path: Path) -> OSError:
    """The error with the path that it is about, which a full disk's lacks."""
    if error.errno is None or error.filename is not None:
        return error
    return OSError(error.errno, error.strerror, str(path))


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a whole file, or leaves the old one."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Writes a whole UTF-8 text file, or leaves the old one."""
    write_bytes(path, text.encode("utf-8"))


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(folder: Path, progress: Progress = SILENT) -> Iterator[bool]:
    """Makes a folder and keeps other processes that lock it out for the length of the block; the system ends the lock
    of a process that dies. Yields whether another one had to be waited for, and says so when it has to."""
    waited = False
    while True:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # between any two of these calls the one at work may rename the folder or remove it
        with suppress(FileExistsError):
            folder.mkdir()
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            if folder.is_symlink():  # to nowhere
                raise
            continue
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not waited:
                    progress.info(f"Another run is at work in {folder}: waiting for it")
                waited = True
                fcntl.flock(handle, fcntl.LOCK_EX)
            if _is(folder, handle):
                yield waited
                return
        finally:
            os.close(handle)


def _is(folder: Path, handle: int) -> bool:
    """Whether an open folder still has that name."""
    try:
        return os.path.samestat(os.fstat(handle), folder.stat())
    except FileNotFoundError:
        return False
