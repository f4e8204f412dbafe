"""The bad line itself: what it does, and that a seed decides it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.faults import KINDS, scenario
from lab.faults.corruption import BLOCK_BYTES, Corruption, Rates

DATA = bytes(random.Random(0).randrange(256) for _ in range(5000))


@given(st.binary(max_size=300), st.integers(0, 1000))
def test_good_line_changes_nothing(data: bytes, seed: int) -> None:
    line = Corruption(Rates(), seed)
    assert line.corrupt(data) == data
    assert b"".join(piece for _, piece in line.pieces(data)) == data


@given(st.binary(min_size=1, max_size=300), st.integers(0, 1000))
def test_pieces_are_the_whole(data: bytes, seed: int) -> None:
    pieces = Corruption(Rates(split=True, delay=0.01), seed).pieces(data)
    assert b"".join(piece for _, piece in pieces) == data
    assert all(1 <= len(piece) <= 7 and 0 <= wait <= 0.01 for wait, piece in pieces)
    assert len(Corruption(Rates(merge=True, delay=0.01), seed).pieces(data)) == 1


def test_each_fault_does_what_its_name_says() -> None:
    assert len(Corruption(Rates(drop=0.1), 1).corrupt(DATA)) < len(DATA)
    assert len(Corruption(Rates(duplicate=0.1), 1).corrupt(DATA)) > len(DATA)
    assert len(Corruption(Rates(insert=0.1), 1).corrupt(DATA)) > len(DATA)
    flipped = Corruption(Rates(flip=0.1), 1).corrupt(DATA)
    changed = [(a, b) for a, b in zip(DATA, flipped, strict=True) if a != b]
    assert 300 < len(changed) < 700
    assert all((a ^ b).bit_count() == 1 for a, b in changed)


def test_block_loses_64_bytes_at_a_time() -> None:
    lost = {len(DATA) - len(Corruption(Rates(block=1 / 5000), seed).corrupt(DATA)) for seed in range(40)}
    assert {0, BLOCK_BYTES} < lost
    assert Corruption(Rates(block=1.0), 1).corrupt(b"x" * 10) == b""


@pytest.mark.parametrize("kind", KINDS)
def test_seed_decides_the_scenario(kind: str) -> None:
    assert scenario(kind, 7) == scenario(kind, 7)
    if KINDS[kind][1](random.Random(1)) != KINDS[kind][1](random.Random(2)):
        assert len({repr(scenario(kind, seed)) for seed in range(20)}) > 1
