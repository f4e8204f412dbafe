"""What listening costs is counted where it is spent, and nothing is counted twice or left out."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.device import open_device
from pipeline.device.audio import AudioStream
from pipeline.device.cost import ListeningCost, measure_listening
from pipeline.protocol.declared import InferenceTicks, StreamCost


def measured(built, target: str, bits: int = 4) -> tuple[ListeningCost, float]:
    """The cost of listening, and the network's own count of its last step."""
    made = built(target, bits)
    with open_device(target, made.image) as device:
        cost = measure_listening(device, made.model)
        device.client.run(np.zeros(made.model.inputs, np.int8))
        ticks = device.client.command("LAYERS").one(InferenceTicks).ticks
        return cost, device.unit.of(ticks)


@pytest.fixture(scope="module")
def qemu(built) -> tuple[ListeningCost, float]:
    return measured(built, "qemu")


def test_rows_and_steps_are_those_of_the_audio(built, qemu):
    cost, frontend = qemu[0], built("qemu").model.frontend
    row = frontend.hop_samples * frontend.context_stride / frontend.sample_rate
    assert cost.seconds == pytest.approx(3.0, abs=row)
    assert cost.rows == cost.steps == pytest.approx(cost.seconds / row)


def test_the_network_costs_a_step_what_an_inference_costs(qemu):
    cost, inference = qemu
    assert cost.network / cost.steps == pytest.approx(inference, rel=0.05)


def test_every_part_has_its_share(qemu):
    cost = qemu[0]
    windows = cost.seconds * 50  # of 20 ms
    assert 5_000 < cost.frontend / windows < 200_000  # a 512-point transform and its logarithms
    assert 500 < cost.detector / cost.steps < 20_000  # a softmax of five, and means of five labels


def test_another_width_changes_the_network_alone(built, qemu):
    four, two = qemu[0], measured(built, "qemu", 2)[0]
    assert two.frontend == pytest.approx(four.frontend, rel=0.001)
    assert two.network != pytest.approx(four.network, rel=0.01)


def test_a_start_forgets_and_a_stream_adds_up(built):
    made = built("qemu")
    with open_device("qemu", made.image) as device:
        pcm = np.zeros(16_000, np.int16)
        found = []
        for _ in range(2):
            stream = AudioStream(device.client)
            assert device.client.command("STREAM_COST").one(StreamCost) == StreamCost(0, 0, 0, 0, 0, 0)
            stream.push(pcm)
            found.append(device.client.command("STREAM_COST").one(StreamCost))
        assert found[0].rows == found[1].rows
        assert found[0].frontend == pytest.approx(found[1].frontend, rel=0.01)
