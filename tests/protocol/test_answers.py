"""Answers are read as the registry declares them, and anything else is damaged."""

from __future__ import annotations

import zlib
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.protocol import declared
from pipeline.protocol.answers import Damaged, read_answer
from pipeline.protocol.declared import Detection, Inference, LayerTicks, Results, StreamState
from pipeline.protocol.registry import TYPES, Line, registry

numbers = st.integers(0, 2**64 - 1)
bits = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=12)
thousandths = st.lists(st.integers(0, 1000), min_size=1, max_size=12)
WRITTEN = {
    "number": numbers.map(lambda value: (value, str(value))),
    "hex": st.integers(0, 2**32 - 1).map(lambda value: (value, f"{value:08x}")),
    "word": st.text(st.characters(codec="ascii", exclude_characters=",\r\n"), min_size=1).map(lambda t: (t, t)),
    "text": st.text(st.characters(codec="ascii", exclude_characters="\r\n"), min_size=1).map(lambda t: (t, t)),
    "fraction": st.integers(0, 1000).map(lambda value: (value / 1000, f"{value / 1000:.3f}")),
    "fractions": thousandths.map(lambda v: (tuple(x / 1000 for x in v), ",".join(f"{x / 1000:.3f}" for x in v))),
    "floats": bits.map(lambda v: (np.array(v, np.uint32).tobytes(), ",".join(f"{x:08x}" for x in v))),
    "bytes": st.binary(min_size=1, max_size=8).map(lambda value: (value, value.hex("-"))),
}
"""A value of every type of field, and how a device writes it."""


def written(line: Line, texts: list[str]) -> str:
    text = "".join(literal + value for literal, value in zip(line.pieces[::3], [*texts, ""], strict=True))
    return f"{text}#{zlib.crc32(text.encode()):08x}" if line.checked else text


def test_every_type_can_be_written():
    assert WRITTEN.keys() == TYPES.keys()


@pytest.mark.parametrize("line", registry().lines.values(), ids=lambda line: line.name)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_line_is_read_back(line: Line, data: st.DataObject):
    drawn = [data.draw(WRITTEN[kind]) for kind in line.pieces[2::3]]
    records = read_answer((line.name,), [written(line, [text for _, text in drawn])]).records
    if not drawn:
        assert records == ()
        return
    (record,) = records
    assert type(record) is getattr(declared, line.name)
    got = [getattr(record, field.name) for field in fields(record)]
    assert [value.tobytes() if isinstance(value, np.ndarray) else value for value in got] == [v for v, _ in drawn]


@pytest.mark.parametrize("line", [line for line in registry().lines.values() if line.checked], ids=lambda x: x.name)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_checked_line_with_another_byte_is_damaged(line: Line, data: st.DataObject):
    text = written(line, [data.draw(WRITTEN[kind])[1] for kind in line.pieces[2::3]])
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="latin-1").filter(lambda c: c != text[at]))
    with pytest.raises(Damaged):
        read_answer((line.name,), [text[:at] + other + text[at + 1 :]])


def state(samples: int = 5) -> str:
    return written(registry().lines["StreamState"], [str(samples), "2", "1"])


def detection(number: int) -> str:
    return written(registry().lines["Detection"], [str(number), "yes", "0.900", "77"])


def test_repeated_lines_come_before_the_last_one():
    for count in (0, 1, 8):
        answer = read_answer(("Detection*", "StreamState"), [*map(detection, range(count)), state()])
        assert answer.all(Detection) == tuple(Detection(index, "yes", 0.9, 77) for index in range(count))
        assert answer.one(StreamState) == StreamState(5, 2, 1)


@pytest.mark.parametrize(
    ("declaration", "lines"),
    [
        (("Detection*", "StreamState"), [detection(0)]),
        (("Detection*", "StreamState"), [state(), detection(0)]),
        (("StreamState",), []),
        (("StreamState",), [state(), state()]),
        (("StreamState",), ["m-stream-[5,2,1]"]),
        (("LoadDone?",), ["m-load-done", "m-load-done"]),
        (("NoFault|FaultRecord",), [state()]),
        ((), ["m-load-done"]),
        (("Lap",), ["m-lap-us-" + "9" * 5000]),
    ],
)
def test_other_lines_are_damaged(declaration, lines):
    with pytest.raises(Damaged):
        read_answer(declaration, lines)


def test_an_optional_line_may_be_missing():
    assert read_answer(("LoadDone?",), []).records == read_answer(("LoadDone?",), ["m-load-done"]).records == ()


def test_a_probability_that_is_not_a_number_can_be_told():
    (value,) = read_answer(("Results",), ["m-results-[nan]"]).one(Results).probabilities
    assert value != value


def test_logits_keep_their_bits():
    line = written(registry().lines["Inference"], ["0000002a", "00000007", "99", "7fc00001,80000000"])
    found = read_answer(("Inference",), [line]).one(Inference)
    assert (found.input_crc, found.build_crc, found.ticks) == (42, 7, 99)
    assert found.logits.view(np.uint32).tolist() == [0x7FC00001, 0x80000000]
    assert read_answer(("LayerTicks*",), []).all(LayerTicks) == ()
