"""The registry is what both sides speak."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.device import open_device, protocol_page
from pipeline.device.audio import AudioStream
from pipeline.device.protocol import answers_match, checked_text, encode_frame, registry
from pipeline.project import PROJECT

rng = np.random.default_rng(9)


def test_generated_files_are_current():
    hint = "run python -m pipeline.device.protocol_page"
    assert (PROJECT / "docs" / "protocol.md").read_text() == protocol_page.page(), hint
    assert (PROJECT / "firmware" / "app" / "protocol_commands.h").read_text() == protocol_page.command_table(), hint


@pytest.mark.parametrize("target", ["host", "qemu"])
def test_every_command_answers_as_declared(built, target):
    made = built(target)
    inputs = made.model.inputs
    arguments = {"DB_LOAD": f" {inputs}", "DB": " 00", "INFER": " 2 1", "DUMP": " 1"}
    with open_device(target, made.image) as device:
        client, link = device.client, device.client.link
        for command in registry().commands:
            if command.id != "RESET":
                client.load(rng.integers(-128, 128, inputs).astype(np.int8))
                link.exchange(b"infer 1 0%", 5)
            if command.id in ("AUDIO", "STREAM"):
                AudioStream(client).push(np.zeros(16_000, np.int16))
            if command.id == "DB":
                link.exchange(f"db load {inputs}%".encode(), 5)
            lines = link.exchange(f"{command.syntax}{arguments.get(command.id, '')}%".encode(), 5)
            if command.id == "RESET":
                assert [line.rpartition("-")[0] for line in lines] == ["m-timestamp-mode", "m-lap-us", "m-init"]
                continue
            plain = [checked_text(line) for line in lines] if command.origin == "dynq" else lines
            assert answers_match(command.answers, plain), (command.id, lines)
        for frame in registry().frames:
            lines = link.exchange(encode_frame(frame.kind, bytes(inputs)), 5)
            assert answers_match(frame.answers, [checked_text(line) or line for line in lines]), (frame.id, lines)


def test_wrong_order_and_nonsense_get_errors_and_nothing_else(built):
    made = built("host")
    inputs = made.model.inputs
    with open_device("host", made.image) as device:

        def ask(text: str) -> list[str]:
            return device.client.link.exchange(text.encode() + b"%", 5)

        assert ask("db 00") == ["e-[No download in progress: db load N first]"]
        assert ask("results") == ["e-[No results: infer first]"]
        assert ask("layers") == ["e-[No inference yet]"]
        assert ask("infer 1") == ["e-[No input: download one first]"]
        assert ask("logits") == ["e-[No input: download one first]"]
        assert ask(f"db load {inputs + 1}") == [f"e-[The model takes {inputs} bytes]"]
        assert ask(f"db load {inputs}") == [f"m-[Expecting {inputs} bytes]"]
        assert ask("infer 1") == ["e-[Download not complete]"]
        for _ in range(inputs // 31):
            assert ask("db " + "7f" * 31) == []
        assert ask("db " + "7f" * 31) == ["e-[More bytes than announced: download again]"]
        assert ask("infer 1") == ["e-[No input: download one first]"]
        assert ask("") == ["e-[Empty command]"]
        assert ask("frobnicate 1") == ["e-[Unknown command: frobnicate 1]"]
        assert ask("x" * 500) == ["e-[Command too long]"]
        assert ask("dump 99") == ["e-[No such layer]"]
        assert device.client.name() == "dynq"


@pytest.mark.parametrize("target", ["host", "qemu"])
def test_a_byte_interrupts_an_endless_measurement(built, target):
    made = built(target)
    with open_device(target, made.image) as device:
        client = device.client
        row = np.zeros(made.model.inputs, np.int8)
        client.load(row)
        client.link.write(b"infer 4294967295 0%")
        client.link.resynchronise(10)
        assert client.run(row).logits.size == 5


def test_db_print_shows_what_was_loaded(built):
    made = built("host")
    row = np.arange(made.model.inputs).astype(np.int8)
    with open_device("host", made.image) as device:
        device.client.load(row)
        lines = device.client.link.exchange(b"db print%", 5)
    assert "".join(line.removeprefix("m-buffer").replace("-", "") for line in lines) == row.tobytes().hex()
