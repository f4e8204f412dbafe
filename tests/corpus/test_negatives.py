"""Speech without keywords: whose each recording is, by a table or by name, and what tables are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.corpus.folder import hash_split
from pipeline.corpus.negatives import split_negatives
from pipeline.errors import CorpusError

NAMES = ["b.flac", "a.flac", "sub/c.wav"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name in NAMES:
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_says_it_in_its_order(folder, encoding):
    table = "file,seconds,split\r\nsub/c.wav,1.5,testing\r\n./a.flac,2,validation\r\n\r\nb.flac,3,training\r\n"
    (folder / "metadata.csv").write_bytes(table.encode(encoding))
    assert list(split_negatives(folder).items()) == [
        ("sub/c.wav", "testing"),
        ("a.flac", "validation"),
        ("b.flac", "training"),
    ]


def test_without_a_table_names_do(folder):
    (folder / "read me.txt").touch()
    (folder / "folder.wav").mkdir()
    assert split_negatives(folder) == {name: hash_split(Path(name).name) for name in NAMES}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (b"name,part\na.flac,training\n", "no list of recordings: it has the columns name, part"),
        (b"", "no list of recordings: it has the columns none"),
        (b"file,split\nnone.flac,training\na.flac,testing\ngone.flac,testing\n", "names 2 files .* none.flac first"),
        (b"file,split\na.flac,testing\n,training\n", "names 1 files that are not there"),
        (b"file,split\nb.flac,training\na.flac,train\n", "puts a.flac into a split 'train'"),
        (b"split,file\ntraining\n", "names 1 files that are not there"),
        (b"file,split\na.flac\n", "puts a.flac into a split ''"),
        (b"file,split\na.flac,training\n./a.flac,testing\n", "names a.flac twice"),
        (b"file,split\n\xff\xfe,training\n", "not a readable CSV"),
    ],
)
def test_what_cannot_be_used_is_said(folder, table, message):
    (folder / "metadata.csv").write_bytes(table)
    with pytest.raises(CorpusError, match=message) as error:
        split_negatives(folder)
    assert error.value.hint
