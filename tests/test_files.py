"""A file is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pipeline.files import replacing, sha256_file, write_text
from pipeline.stages import Stages


def test_failure_keeps_the_old_file(tmp_path):
    path = tmp_path / "deep" / "a.json"
    write_text(path, "old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_hash(tmp_path):
    path = tmp_path / "a"
    write_text(path, "abc")
    assert sha256_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_full_disk_is_named_with_its_file(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=rf"No space left on device: '{tmp_path}/a\.json'"):
        write_text(tmp_path / "a.json", "new")
    with pytest.raises(OSError, match=r"No space left on device: .*/corpus-"):
        Stages(tmp_path).run("corpus", {}, lambda folder: full(folder, b""))
