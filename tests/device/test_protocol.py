"""The registry is what both sides speak."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.boards import board
from pipeline.device import open_device
from pipeline.device.audio import AudioStream
from pipeline.protocol.answers import read_answer
from pipeline.protocol.declared import DeviceName
from pipeline.protocol.frames import encode_frame
from pipeline.protocol.registry import registry

rng = np.random.default_rng(9)


@pytest.mark.parametrize("target", ["host", "qemu", "nano33"])
def test_every_request_is_answered_as_declared(built, target, tmp_path):
    made = built(target)
    inputs = made.model.inputs
    sound = tmp_path / "silence.raw" if board(target).microphone else None
    if sound is not None:
        sound.write_bytes(bytes(32_000))
    with open_device(target, made.image, sound=sound) as device:
        client, link = device.client, device.client.link
        for command in registry().commands:
            if command.needs == "audio":
                AudioStream(client).push(np.zeros(16_000, np.int16))
            elif command.needs != "microphone":
                client.run(rng.integers(-128, 128, inputs).astype(np.int8))
            if command.before:
                link.exchange(f"{command.before.format(inputs=inputs)}%".encode(), 5)
            text = (command.example or command.syntax).format(inputs=inputs)
            lines = link.exchange(f"{text}%".encode(), 5)
            if command.needs == "microphone" and sound is None:
                assert lines == ["e-[This board has no microphone]"]
            else:
                read_answer(command.answers, lines)
        for frame in registry().frames:
            read_answer(frame.answers, link.exchange(encode_frame(frame.kind, bytes(inputs)), 5))


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
        assert device.client.command("NAME").one(DeviceName) == DeviceName("dynq")


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
