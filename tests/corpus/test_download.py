"""The Speech Commands download against a local server that breaks off, lies, or is not there."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.corpus.download import fetch_speech_commands
from pipeline.errors import CorpusError


def archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in ("./yes/a_nohash_0.wav", "./testing_list.txt"):
            data = name.encode() * 5000
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


class Server:
    """Serves ``data`` with ranges; ``breaks_at`` closes the connection after so many bytes, once."""

    def __init__(self, data: bytes):
        self.data, self.breaks_at, self.ranges = data, None, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                start = int(self.headers.get("Range", "bytes=0-")[6:-1])
                outer.ranges.append(start)
                if start >= len(outer.data):
                    self.send_error(416)
                    return
                part = outer.data[start:]
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(part)))
                self.end_headers()
                stop, outer.breaks_at = outer.breaks_at, None
                self.wfile.write(part[:stop])

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/data.tar.gz"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def server():
    served = Server(archive())
    yield served
    served.server.shutdown()
    served.server.server_close()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_downloads_unpacks_and_leaves_nothing_else(server, tmp_path):
    folder = fetch_speech_commands(tmp_path, url=server.url, sha256=digest(server.data))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["speech_commands_v2"]
    assert (folder / "yes" / "a_nohash_0.wav").stat().st_size == 100_000
    assert fetch_speech_commands(tmp_path, url="http://127.0.0.1:9/") == folder


def test_goes_on_where_it_broke_off(server, tmp_path):
    server.breaks_at = 300
    with pytest.raises(CorpusError):
        fetch_speech_commands(tmp_path, url=server.url, sha256=digest(server.data))
    assert not (tmp_path / "speech_commands_v2").exists()
    fetch_speech_commands(tmp_path, url=server.url, sha256=digest(server.data))
    assert server.ranges == [0, 300]


def test_a_whole_partial_file_is_not_fetched_again(server, tmp_path):
    (tmp_path / "speech_commands_v2.tar.part").write_bytes(server.data)
    assert fetch_speech_commands(tmp_path, url=server.url, sha256=digest(server.data)).is_dir()


def test_another_archive_is_refused(server, tmp_path):
    with pytest.raises(CorpusError, match="not the published one"):
        fetch_speech_commands(tmp_path, url=server.url, sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_without_a_connection_there_is_a_hint(tmp_path):
    with pytest.raises(CorpusError, match="cannot download") as error:
        fetch_speech_commands(tmp_path, url="http://127.0.0.1:9/data.tar.gz")
    assert "--data" in error.value.hint


def test_what_is_no_archive_is_removed(server, tmp_path):
    server.data = b"no archive at all"
    with pytest.raises(CorpusError, match="damaged"):
        fetch_speech_commands(tmp_path, url=server.url, sha256=digest(server.data))
    assert list(tmp_path.iterdir()) == []
