"""Fetches Google Speech Commands v2: resumable, checked, whole or absent."""

from __future__ import annotations

import http.client
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from pipeline.config import CorpusSection
from pipeline.corpus.recorded import describe_folder, find_recordings
from pipeline.corpus.source import Found, Source
from pipeline.errors import CorpusError
from pipeline.files import sha256_file
from pipeline.progress import SILENT, Progress

URL = "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz"
SHA256 = "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"

_BLOCK = 1 << 20
_TIMEOUT_SECONDS = 30


def _find(section: CorpusSection, folder: Path | None, cache: Path, progress: Progress) -> Found:
    return find_recordings(section, folder or fetch_speech_commands(cache, progress=progress), cache, progress)


SOURCE = Source(_find, lambda folder: describe_folder(folder) if folder else "Speech Commands v2", takes_folder=True)


def fetch_speech_commands(
    cache_dir: Path, *, url: str = URL, sha256: str = SHA256, progress: Progress = SILENT
) -> Path:
    """Folder of the data set below ``cache_dir``, downloaded (2.4 GB) and unpacked on first use.

    Raises:
        CorpusError: no connection, a damaged archive, or a full disk. A partial download is kept for the next try.
    """
    folder = cache_dir / "speech_commands_v2"
    if folder.is_dir():
        return folder
    archive = cache_dir / "speech_commands_v2.tar.gz"
    hint = f"download {url} by hand, unpack it, and name the folder with --data"
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        if not archive.exists():
            _download(url, archive, sha256, progress, hint)
        _unpack(archive, folder, progress)
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise CorpusError(f"cannot download Speech Commands: {getattr(error, 'reason', error)}", hint) from None
    except (tarfile.TarError, EOFError) as error:
        archive.unlink(missing_ok=True)
        raise CorpusError(f"{archive} is damaged: {error}", "run again: it will be downloaded anew") from None
    except OSError as error:
        raise CorpusError(f"cannot store Speech Commands: {error}", "it needs 7 GB of disk below the cache") from None
    archive.unlink()
    return folder


def _download(url: str, archive: Path, sha256: str, progress: Progress, hint: str) -> None:
    partial = archive.with_suffix(".part")
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        answer = None  # everything is here already
    if answer is not None:
        with answer:
            resumed = answer.status == http.client.PARTIAL_CONTENT
            done = have if resumed else 0
            total = done + int(answer.headers.get("Content-Length") or 0)
            with progress.task("Downloading Speech Commands", total or None) as task:
                task.advance(done)
                with partial.open("ab" if resumed else "wb") as file:
                    while block := answer.read(_BLOCK):
                        file.write(block)
                        task.advance(len(block))
            if total and partial.stat().st_size < total:
                raise CorpusError("the download of Speech Commands broke off", "run again: it goes on where it stopped")
    if sha256_file(partial) != sha256:
        partial.unlink()
        raise CorpusError("the downloaded Speech Commands archive is not the published one", hint)
    partial.replace(archive)


def _unpack(archive: Path, folder: Path, progress: Progress) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with progress.task("Unpacking Speech Commands", None) as task, tarfile.open(archive) as tar:
            for member in tar:
                tar.extract(member, temporary, filter="data")
                task.advance()
        temporary.chmod(0o755)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
