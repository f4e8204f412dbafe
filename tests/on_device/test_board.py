"""A model on its board. Here on every board's emulator; with `--target nano33 --port PORT` unchanged on the real one.

With `--junitxml=FILE` the figures are properties of the tests.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.device import Device, DeviceResult
from pipeline.device.audio import AudioStream
from pipeline.frontend import encode, mel_power
from pipeline.layers import QuantizedModel, layer_outputs, logits
from pipeline.listening.host import HostListener
from pipeline.testing.checks import assert_accuracy, assert_memory, assert_parity, assert_real_time
from pipeline.testing.clips import Clips

Record = Callable[[str, object], None]


def test_the_board_carries_this_model(board: Device, model: QuantizedModel) -> None:
    build = board.client.build()
    assert (build.model, build.inputs, build.labels) == (model.name, model.inputs, len(model.labels))
    assert (build.layers, build.kernels) == (len(model.layers), board.board.core.variant)


def test_logits_are_the_references(result: DeviceResult, clips: Clips) -> None:
    assert_parity(result, clips)


def test_every_layer_is_the_references(board: Device, model: QuantizedModel, clips: Clips) -> None:
    row = clips.features[0]
    board.client.load(row)
    for index, expected in enumerate(layer_outputs(model, row)):
        assert board.client.dump(index, row).tobytes() == expected.tobytes(), model.layers[index].name


def test_audio_becomes_features_logits_and_events(board: Device, model: QuantizedModel, clips: Clips) -> None:
    pcm, settings = clips.pcm[0], model.frontend
    events = AudioStream(board.client).push(pcm)
    heard_here = HostListener(model).push(pcm)[1]
    assert [(event.label, event.sample) for event in events] == [(event.label, event.sample) for event in heard_here]
    rows = encode(mel_power(pcm, settings))[:: settings.context_stride][-settings.context_frames :].reshape(-1)
    board.client.command("AUDIO")
    assert board.client.logits(rows).logits.tobytes() == logits(model, rows).tobytes()


def test_accuracy_is_the_references(result: DeviceResult, clips: Clips, record_property: Record) -> None:
    reference = 0.0 if clips.labels is None else float(np.mean(clips.reference.argmax(axis=1) == clips.labels))
    record_property("accuracy", assert_accuracy(result, clips, at_least=reference))


def test_listening_keeps_up(board: Device, model: QuantizedModel, record_property: Record) -> None:
    record_property("share of the core", assert_real_time(board, model))


def test_it_fits(board: Device, record_property: Record) -> None:
    for name, size in assert_memory(board).items():
        record_property(f"bytes of {name}", size)
