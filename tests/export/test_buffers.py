from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.export.buffers import ALIGNMENT, allocate, last_readers
from tests.conftest import make_model


@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 6)), min_size=1, max_size=25))
def test_no_vector_is_overwritten_before_its_last_reader(vectors: list[tuple[int, int]]) -> None:
    sizes = [size for size, _ in vectors]
    last_use = [now + lasting for now, (_, lasting) in enumerate(vectors)]
    starts, total = allocate(sizes, last_use)
    memory: dict[int, int] = {}
    for now, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        assert start % ALIGNMENT == 0
        assert start + size <= total
        for place in range(start, start + size):
            assert place not in memory or last_use[memory[place]] < now
            memory[place] = now


def test_a_chain_takes_two_buffers() -> None:
    assert allocate([128, 128, 128, 8], [1, 2, 3, 4]) == ([0, 128, 0, 128], 256)


def test_a_vector_read_later_keeps_its_place() -> None:
    starts, total = allocate([64, 64, 64, 64], [3, 2, 3, 4])
    assert starts == [0, 64, 128, 64]
    assert total == 192


def test_a_hole_is_used() -> None:
    assert allocate([10, 40, 10, 8], [3, 2, 9, 9])[0] == [0, 12, 52, 12]


def test_every_output_lives_to_its_reader_and_the_logits_to_the_end() -> None:
    assert last_readers(make_model()) == [1, 2, 3]
