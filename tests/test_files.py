"""A file is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import pytest

from pipeline.files import replacing, sha256_file, write_text


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
