"""The firmware against the MLPerf Tiny runner's side of its protocol, on the host and on an emulated Cortex-M4F."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from pipeline.boards import board
from pipeline.emulators import EMULATORS
from pipeline.export import write_c_arrays
from pipeline.firmware import build_firmware
from pipeline.layers import QuantizedModel, logits
from pipeline.quantization import softmax
from tests.conformance.player import Player
from tests.conftest import make_model

RNG = np.random.default_rng(7)
SAMPLES = RNG.integers(-128, 128, (6, 820)).astype(np.int8)


@pytest.fixture(scope="module")
def model() -> QuantizedModel:
    return make_model(4, widths=(64, 32), labels=8, frames=41)


@pytest.fixture(scope="module", params=["host", "qemu"])
def player(
    request: pytest.FixtureRequest, model: QuantizedModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Player]:
    """The player, on the port of a device that has just restarted and has said so."""
    folder = tmp_path_factory.mktemp(request.param)
    chosen = board(request.param)
    write_c_arrays(model, chosen.core.variant, folder / "c", source_hash="0" * 64)
    image = build_firmware(request.param, folder / "c", folder)
    machine = EMULATORS[chosen.emulator].start(chosen, image.elf)
    with machine as running, closing(Player(running.port)) as player:
        player.restart()
        banner = player.answer()
        assert banner[0] == "m-timestamp-mode-performance"
        assert re.fullmatch(r"m-lap-us-[0-9]+", banner[1])
        assert banner[2:] == ["m-init-done", "m-ready"]
        yield player


def test_name_and_profile(player: Player) -> None:
    assert player.name()
    assert player.profile() == ("ULPMark for tinyML Firmware V0.0.1", "kws01")


def test_answers_end_their_lines_with_cr_lf(player: Player) -> None:
    start = len(player.transcript)
    player.command("profile")
    assert bytes(player.transcript[start:]) == (
        b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\nm-ready\r\n"
    )


def test_the_clock_counts_microseconds_upwards(player: Player) -> None:
    times = [player.timestamp() for _ in range(20)]
    assert all(a < b for a, b in itertools.pairwise(times))


def test_help_ends_too(player: Player) -> None:
    assert player.command("help")[-1] == "m-ready"


@pytest.mark.parametrize("index", range(len(SAMPLES)))
def test_accuracy_mode(player: Player, model: QuantizedModel, index: int) -> None:
    """Every sample: download in pieces of 31 bytes, one inference, no warm-up."""
    last = player.download(SAMPLES[index].tobytes())
    assert last == ["m-load-done", "m-ready"]
    inference = player.infer(1, 0)
    expected = softmax(logits(model, SAMPLES[index]))
    np.testing.assert_allclose(inference.results, expected, atol=6e-4)
    if np.diff(np.sort(expected)[-2:])[0] > 2e-3:
        assert np.argmax(inference.results) == np.argmax(expected)
    assert 0 < inference.elapsed_us < 5_000_000


def test_performance_mode(player: Player) -> None:
    """Five windows of one download, warm-up and many inferences; time grows with their number.

    What else a busy machine does can only add to a time: so the shortest ones are compared.
    """
    player.download(SAMPLES[0].tobytes())
    few = min(player.infer(20, 0).elapsed_us for _ in range(5))
    windows = []
    for _ in range(5):
        player.download(SAMPLES[0].tobytes())
        windows.append(player.infer(60, 10))
    assert 1.5 * few < min(window.elapsed_us for window in windows) < 20 * few
    assert {len(window.results) for window in windows} == {8}


def test_the_messages_of_an_inference_in_order(player: Player) -> None:
    player.download(SAMPLES[1].tobytes())
    lines = player.command("infer 3 2", 30)
    kinds = [re.sub(r"(lap-us-)[0-9]+|(results-)\[.*]", r"\1\2", line) for line in lines]
    assert kinds == [
        "m-warmup-start-2",
        "m-warmup-done",
        "m-infer-start-3",
        "m-lap-us-",
        "m-lap-us-",
        "m-infer-done",
        "m-results-",
        "m-ready",
    ]
    assert re.fullmatch(r"m-results-\[[01]\.[0-9]{3}(,[01]\.[0-9]{3}){7}\]", lines[-2])
    assert player.command("results") == [lines[-2], "m-ready"]


def test_warm_up_defaults_to_ten(player: Player) -> None:
    assert "m-warmup-start-10" in player.command("infer 1", 30)


def test_print_shows_what_was_loaded(player: Player) -> None:
    player.download(SAMPLES[2].tobytes())
    lines = player.command("db print")
    shown = "".join(line.removeprefix("m-buffer-") + "-" for line in lines[:-1])
    assert lines[0] == "m-buffer-" + SAMPLES[2][:8].tobytes().hex("-")
    assert SAMPLES[2].tobytes().hex("-").startswith(shown.rstrip("-"))


@pytest.mark.parametrize(
    "command",
    [
        "nonsense",
        "",
        "%",
        "db",
        "db load",
        "db load x",
        "db load 99999999999",
        "db load -1",
        "db 0",
        "db zz",
        "infer",
        "infer x",
        "infer 1 x",
        "name name" * 20,
        "db " + "00" * 38,
        "help " * 15,
    ],
)
def test_errors_are_lines_and_the_device_stays_ready(player: Player, command: str) -> None:
    answer = player.command(command)
    assert answer[-1] == "m-ready"
    for line in answer[:-1]:
        assert line.startswith(("e-[", "m-")), line
    if command == "%":
        player.answer()  # two empty commands, two answers
    assert player.name()


def test_an_unknown_command_is_named(player: Player) -> None:
    assert player.command("bogus") == ["e-[Unknown command: bogus]", "m-ready"]


def test_data_before_a_load_command_is_an_error(player: Player) -> None:
    player.download(SAMPLES[0].tobytes())
    answer = player.command("db 00")  # the load is complete: nothing is expected
    assert answer[0].startswith("e-[")


def test_a_new_load_starts_over(player: Player, model: QuantizedModel) -> None:
    player.command("db load 820")
    player.command("db 0102030405")
    player.download(SAMPLES[3].tobytes())
    np.testing.assert_allclose(player.infer(1, 0).results, softmax(logits(model, SAMPLES[3])), atol=6e-4)
