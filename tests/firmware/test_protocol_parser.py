"""The parser takes any bytes, answers every command exactly once, and is never lost for longer than one command."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.protocol.declared import TEXT_MAX
from pipeline.protocol.frames import _stuff, encode_frame
from pipeline.protocol.registry import registry
from tests.firmware.parser import Parsed, Parser

garbage = st.binary(max_size=300)
words = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="%!"), min_size=1, max_size=TEXT_MAX
)


def one(data: bytes, capacity: int = 64) -> Parsed:
    commands = Parser(capacity).feed(data)
    assert len(commands) == 1
    return commands[0]


@given(garbage)
@example(b"db \x00%" * 3)
@example(b"!" + b"\xff" * 200 + b"%")
def test_every_percent_ends_exactly_one_command(data: bytes):
    parser = Parser()
    assert len(parser.feed(data)) == data.count(b"%")
    assert parser.intact


@given(garbage)
def test_after_garbage_and_a_percent_the_next_command_is_understood(data: bytes):
    parser = Parser()
    parser.feed(data + b"%")
    assert parser.feed(b"db load 820%") == [Parsed("DB_LOAD", numbers=(820,), text="db load 820")]


@given(st.binary(max_size=59), garbage)
def test_a_frame_arrives_whole_whatever_came_before(data: bytes, before: bytes):
    parser = Parser()
    parser.feed(before + b"%")
    frame = encode_frame("L", data)
    assert frame.count(b"%") == 1
    assert parser.feed(frame) == [Parsed("FRAME_LOAD", data=data)]


@given(st.binary(min_size=254, max_size=1200))
@example(b"\x01" * 253)
@example(b"\x01" * 254)
@example(b"\x01" * 508)
@example(b"\x00" * 600)
def test_long_frames_arrive_whole(data: bytes):
    assert one(encode_frame("R", data), 1300).data == data


@given(st.binary(min_size=60, max_size=400))
def test_a_frame_too_long_for_the_buffer_is_damaged(data: bytes):
    parser = Parser(64)
    assert parser.feed(encode_frame("L", data))[0].error == "BAD_FRAME"
    assert parser.intact


@given(st.binary(max_size=59), st.data())
def test_a_changed_lost_or_added_byte_never_passes(data: bytes, draw: st.DataObject):
    frame = encode_frame("L", data)
    at = draw.draw(st.integers(1, len(frame) - 2))
    new = draw.draw(st.integers(0, 255))
    how = draw.draw(st.sampled_from(["change", "lose", "add", "double"]))
    damaged = {
        "change": frame[:at] + bytes((new,)) + frame[at + 1 :],
        "lose": frame[:at] + frame[at + 1 :],
        "add": frame[:at] + bytes((new,)) + frame[at:],
        "double": frame[:at] + frame[at : at + 1] + frame[at:],
    }[how]
    for command in Parser().feed(damaged):
        assert command.id != "FRAME_LOAD" or command.data == data


@pytest.mark.parametrize("bit", range(32))
def test_every_bit_of_the_check_counts(bit: int):
    body = b"Ldata" + (zlib.crc32(b"Ldata") ^ 1 << bit).to_bytes(4, "little")
    sent = b"!" + bytes(byte ^ ord("%") for byte in _stuff(body)) + b"%"
    assert one(sent).error == "BAD_FRAME"


@given(words)
def test_unknown_words_are_named(word: str):
    known = {c.syntax for c in registry().commands}
    command = one(word.encode() + b"%")
    if word not in known:
        assert (command.id, command.error, command.text) == ("INVALID", "UNKNOWN", word)


@given(st.binary(min_size=1, max_size=38))
def test_hex_digits_become_bytes(data: bytes):
    assert one(b"db " + data.hex().encode() + b"%") == Parsed("DB", data=data, text="db " + data.hex())
    assert one(b"db " + data.hex().upper().encode() + b"%").data == data


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_numbers_of_32_bits(a: int, b: int):
    assert one(f"infer {a} {b}%".encode()).numbers == (a, b)
    assert one(f"infer {a}%".encode()).numbers == (a,)


@pytest.mark.parametrize(
    "text",
    [
        "infer",
        "infer ",
        "infer x",
        "infer -1",
        "infer 1 2 3",
        "infer 1  2",
        "infer 1 ",
        "infer 4294967296",
        "infer 1 99999999999",
        "infer 0x10",
        "db load",
        "db load 1 2",
        "dump",
    ],
)
def test_bad_numbers(text: str):
    assert one(text.encode() + b"%").error == "BAD_NUMBER"


@pytest.mark.parametrize("text", ["db", "db ", "db 1", "db 123", "db xy", "db 12 34", "db loads"])
def test_bad_hex(text: str):
    assert one(text.encode() + b"%").error == "BAD_HEX"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "EMPTY"),
        ("x" * 80, "UNKNOWN"),
        ("x" * 81, "TOO_LONG"),
        ("name ", "UNKNOWN"),
        ("names", "UNKNOWN"),
        ("name 1", "UNKNOWN"),
        ("x" * 5000, "TOO_LONG"),
        ("!", "BAD_FRAME"),
    ],
)
def test_other_errors(text: str, error: str):
    assert one(text.encode() + b"%").error == error


def test_line_ends_of_a_terminal_are_ignored():
    assert one(b"na\r\nme\r\n%").id == "NAME"


def test_unprintable_characters_do_not_reach_the_answer():
    assert one(b"a\x1b[2J\x00\xffb%").text == "a?[2J??b"


@pytest.mark.parametrize("command", registry().commands, ids=lambda c: c.id)
def test_every_declared_command_is_understood(command):
    argument = {"none": "", "hex": " 00", "numbers": " 1" * command.count[0]}[command.arguments]
    assert one(f"{command.syntax}{argument}%".encode()).id == command.id
