"""What the name of a clip says."""

from __future__ import annotations

import pytest

from pipeline.corpus.data import is_synthesised, word_of


@pytest.mark.parametrize(
    ("file", "made_up", "word"),
    [
        ("smart_mirror/ann_nohash_0.wav", False, "smart_mirror"),
        ("deep/er/a.wav", False, "deep"),
        ("smart_mirror_12", True, "smart_mirror"),
        ("_synthesised_/nine+ten_7", True, "nine+ten"),
    ],
)
def test_recordings_and_synthesised_clips_are_told_apart_by_name(file: str, made_up: bool, word: str) -> None:
    assert (is_synthesised(file), word_of(file)) == (made_up, word)
