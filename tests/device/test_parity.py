"""Whatever runs the firmware returns the numpy reference's bits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lab.faults.by_hand import load_hex
from pipeline.boards import TimeUnit, board
from pipeline.device import open_device, run_test
from pipeline.device.session import _unit
from pipeline.emulators import EMULATORS
from pipeline.layers import layer_outputs, logits
from pipeline.protocol.declared import Results
from pipeline.quantization import softmax

rng = np.random.default_rng(5)


def features(model, rows: int = 24) -> np.ndarray:
    """Random int8 rows, and the hard ones: constant, extreme, a single value apart."""
    inputs = model.inputs
    random = rng.integers(-128, 128, (rows - 5, inputs))
    flat = [np.full(inputs, value) for value in (-128, -127, 0, 127)]
    return np.vstack([random, *flat, np.eye(1, inputs, 3) * 255 - 128]).astype(np.int8)


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("target", ["host", "qemu"])
def test_logits_are_bit_equal(built, target, bits):
    made = built(target, bits)
    rows = features(made.model)
    with open_device(target, made.image) as device:
        result = run_test(device, made.model, rows)
        assert result.retries == 0
        assert result.logits.view(np.uint32).tolist() == logits(made.model, rows).view(np.uint32).tolist()
        assert [layer.name for layer in result.layers] == [layer.name for layer in made.model.layers]
        row = rows[0]
        device.client.load(row)
        for index, expected in enumerate(layer_outputs(made.model, row)):
            assert device.client.dump(index, row).view(np.uint32).tolist() == expected.view(np.uint32).tolist()
        load_hex(device.client, row)
        assert device.client.logits(row).logits.tobytes() == logits(made.model, row).tobytes()
        shown = device.client.command("INFER", 2, 1).one(Results).probabilities
        np.testing.assert_allclose(shown, softmax(logits(made.model, row)), atol=6e-4)


@pytest.mark.parametrize(
    ("target", "bits"),
    [("host", 4), ("qemu", 8), ("qemu", 4), ("qemu", 2), ("qemu", (4, 8, 2)), ("qemu_m0", 4), ("qemu_m55", (2, 8, 4))],
)
def test_a_temporal_network_keeps_the_same_bits(built, target, bits):  # every board: tests/on_device
    made = built(target, bits, temporal=True)
    rows = np.clip(rng.integers(-20, 21, (6, 48, 20)).cumsum(axis=1), -128, 127).astype(np.int8).reshape(6, -1)
    rows[4], rows[5] = -128, np.eye(1, 960, 483) * 255 - 128
    with open_device(target, made.image) as device:
        result = run_test(device, made.model, rows)
        device.client.load(rows[0])
        for index, expected in enumerate(layer_outputs(made.model, rows[0])):
            assert device.client.dump(index, rows[0]).tobytes() == expected.tobytes()
    assert (result.differing_logits(logits(made.model, rows)), result.retries) == (0, 0)


def test_instruction_counts_repeat_exactly(built):
    made = built("qemu", 4)
    row = features(made.model, 6)[:1]
    counts = []
    for _ in range(2):
        with open_device("qemu", made.image) as device:
            result = run_test(device, made.model, np.repeat(row, 5, axis=0))
            counts.append(result.time_per_inference)
            assert np.ptp(result.times) <= 2 * 5 / 8  # two ticks of the timer
    assert abs(counts[0] - counts[1]) <= 1


def test_both_emulators_of_a_cortex_m4_count_the_same_instructions(built):
    counts = {}
    for target in ("qemu", "nano33"):
        made = built(target, 4)
        with open_device(target, made.image) as device:
            result = run_test(device, made.model, inputs := features(made.model, 6))
        assert (result.unit, result.differing_logits(logits(made.model, inputs))) == ("instructions", 0)
        counts[target] = result.time_per_inference
    assert counts["nano33"] == pytest.approx(counts["qemu"], rel=0.005)


def test_the_unit_is_that_of_what_runs(built):
    made = built("nano33", 4)
    emulator = EMULATORS[board("nano33").emulator]
    with (
        emulator.start(board("nano33"), made.image.elf) as machine,
        open_device("nano33", made.image, port=machine.port) as device,
    ):
        assert device.unit == emulator.unit(64_000_000)  # though it was given as a port, as a board is
    assert _unit(board("nano33"), "/dev/ttyACM0", 64_000_000) == TimeUnit("cycles", Fraction(1))
    assert _unit(board("qemu"), "/dev/ttyACM0", 25_000_000).name == "instructions"  # which no real board has


def test_sizes_come_from_the_elf_and_the_stack_from_the_device(built):
    made = built("qemu", 8)
    image = made.image
    assert image.model_bytes >= made.model.quantized_bytes
    assert 4_000 < image.flash_bytes - image.model_bytes < 40_000
    assert 0 < image.ram_bytes < 16_000
    with open_device("qemu", image) as device:
        memory = device.client.memory()
    assert memory.stack == image.stack_bytes == 4096
    assert 200 < memory.stack_used < 2048
