"""A board that listens by its own microphone: the whole way on the virtual Nano 33 BLE Sense."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.boards import BOARDS, board
from pipeline.config import Frontend
from pipeline.device import open_device
from pipeline.device.client import Refused
from pipeline.device.microphone import OwnMicrophone
from pipeline.emulators import EMULATORS
from pipeline.emulators.nrf52840.machine import Machine
from pipeline.emulators.nrf52840.pdm import Microphone
from pipeline.emulators.nrf52840.symbols import Image
from pipeline.errors import DeviceError, UsageError
from pipeline.export import write_c_arrays
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.layers import QuantizedModel
from pipeline.listening.host import HostListener
from pipeline.protocol.declared import AudioLost, Detection, StreamCost
from tests.conftest import make_model
from tests.device.test_audio import MODEL, audio

PCM = audio(6)
BUFFER = 320
LED = 13


def build(model: QuantizedModel, folder: Path, target: str = "nano33") -> FirmwareImage:
    write_c_arrays(model, board(target).core.variant, folder / "c", source_hash="3" * 64)
    return build_firmware(target, folder / "c", folder)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> FirmwareImage:
    return build(MODEL, tmp_path_factory.mktemp("microphone"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "sound.raw"
    PCM.astype("<i2").tofile(path)
    return path


def wanted(model: QuantizedModel = MODEL, pcm: np.ndarray = PCM) -> list[tuple[str, int]]:
    return [(event.label, event.sample) for event in HostListener(model).push(pcm)[1]]


def heard(microphone: OwnMicrophone, samples: int) -> tuple[list[Detection], list[AudioLost]]:
    """What is told until so many samples were heard, and the microphone stopped."""
    detections: list[Detection] = []
    lost: list[AudioLost] = []
    while microphone.state.samples < samples:
        more = microphone.wait(0.1)
        detections, lost = detections + more[0], lost + more[1]
    more = microphone.stop()
    return [one for one in detections + more[0] if one.sample <= samples], lost + more[1]


def test_events_are_the_hosts_to_the_sample_and_again_after_a_stop(image: FirmwareImage, sound: Path) -> None:
    assert len(wanted()) >= 3
    with open_device("nano33", image, sound=sound) as device:
        for _ in range(2):
            microphone = OwnMicrophone(device.client)
            detections, lost = heard(microphone, len(PCM))
            assert [(one.label, one.sample) for one in detections] == wanted()
            assert (lost, microphone.state.lost, microphone.state.on) == ([], 0, 0)
            assert microphone.state.samples % BUFFER == 0


def test_gain_makes_it_louder(image: FirmwareImage, sound: Path) -> None:
    louder = np.clip(np.rint(PCM * 10 ** (12 / 20)), -32768, 32767).astype(np.int16)
    with open_device("nano33", image, sound=sound) as device:
        detections, _ = heard(OwnMicrophone(device.client, 12), len(PCM))
        assert device.client.link.exchange(b"listen start 81%", 5) == ["e-[Gain is 0 to 80 half decibels]"]
    assert [(one.label, one.sample) for one in detections] == wanted(pcm=louder) != wanted()


def test_the_share_of_the_cores_time_is_what_it_executed(image: FirmwareImage, sound: Path) -> None:
    with open_device("nano33", image, sound=sound) as device:
        assert device.machine is not None
        before = device.machine.instructions()  # type: ignore[attr-defined]
        microphone = OwnMicrophone(device.client)
        heard(microphone, len(PCM))
        executed = device.machine.instructions() - before  # type: ignore[attr-defined]
        cost = device.client.command("STREAM_COST").one(StreamCost)
    state = microphone.state
    assert state.active == pytest.approx(executed, rel=0.01)
    assert state.elapsed == pytest.approx(state.samples * 4000, rel=0.02)
    assert cost.frontend + cost.network + cost.detector == pytest.approx(state.active, rel=0.15)
    assert cost.frontend + cost.network + cost.detector < state.active < state.elapsed / 10


def test_the_default_network_keeps_its_budget(built, sound: Path) -> None:
    """Of the Cortex-M4F: 3 % of the core's time, 20 KiB of RAM, 64 KiB of flash, with everything in it."""
    image = built("nano33", temporal=True).image
    assert image.ram_bytes + image.stack_bytes <= 20 * 1024
    assert image.flash_bytes <= 64 * 1024
    with open_device("nano33", image, sound=sound) as device:
        microphone = OwnMicrophone(device.client)
        heard(microphone, len(PCM))
    assert 0.01 < microphone.state.active / microphone.state.elapsed < 0.03


def test_while_it_listens_it_refuses_other_input(image: FirmwareImage, sound: Path) -> None:
    with open_device("nano33", image, sound=sound) as device:
        microphone = OwnMicrophone(device.client)
        link = device.client.link
        for text in ("stream start", "audio", f"db load {MODEL.inputs}"):
            assert link.exchange(f"{text}%".encode(), 5) == ["e-[Listening: listen stop first]"]
        for identifier, data in (("RUN", bytes(MODEL.inputs)), ("LOAD", bytes(MODEL.inputs)), ("PCM", bytes(6))):
            with pytest.raises(Refused, match="Listening"):
                device.client.frame(identifier, data)
        assert link.exchange(b"logits%", 5) == ["e-[No input: download one first]"]
        detections, _ = heard(microphone, len(PCM))
        assert [(one.label, one.sample) for one in detections] == wanted()
        assert device.client.run(np.zeros(MODEL.inputs, np.int8)).logits.size == 5


def test_lines_that_get_lost_are_asked_for(
    image: FirmwareImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    length = wanted()[4][1] - 1  # fewer events than a device keeps
    PCM[:length].astype("<i2").tofile(tmp_path / "sound.raw")
    with open_device("nano33", image, sound=tmp_path / "sound.raw") as device:
        link, said = device.client.link, device.client.link.spoken
        count = 0

        def damaged(deadline: float) -> str | None:
            nonlocal count
            line = said(deadline)
            count += line is not None
            return line.replace("m-heard-[", "m-heard-[9") if line and count % 3 != 2 else line

        monkeypatch.setattr(link, "spoken", damaged)
        detections, _ = heard(OwnMicrophone(device.client), length)
        assert count >= 3
    assert [(one.label, one.sample) for one in detections] == wanted()[:4]


def test_a_board_that_cannot_keep_up_says_what_it_lost(tmp_path: Path) -> None:
    frontend = Frontend(bands=20, context_frames=40, hop_samples=32, context_stride=1)
    model = replace(make_model(4, widths=(200,), frames=40), frontend=frontend)
    path = tmp_path / "sound.raw"
    PCM[:8_000].astype("<i2").tofile(path)
    with open_device("nano33", build(model, tmp_path), sound=path) as device:
        microphone = OwnMicrophone(device.client)
        _, lost = heard(microphone, 8_000)
    assert len(lost) >= 2
    assert sum(one.count for one in lost) == microphone.state.lost
    assert all(one.count % BUFFER == 0 and one.sample % BUFFER == 0 for one in lost)
    assert microphone.state.active > 0.8 * microphone.state.elapsed  # the rest it waits for the link to take its losses


def test_a_restart_is_told(image: FirmwareImage, sound: Path) -> None:
    with open_device("nano33", image, sound=sound) as device:
        microphone = OwnMicrophone(device.client)
        device.client.link.exchange(b"reset%", 5)
        with pytest.raises(DeviceError, match="stopped to listen"):
            heard(microphone, len(PCM))


@pytest.mark.parametrize("target", ["host", "nrf52840dk"])
def test_a_board_without_a_microphone_says_so(tmp_path: Path, target: str, sound: Path) -> None:
    built = build(MODEL, tmp_path, target)
    with open_device(target, built) as device:
        with pytest.raises(Refused, match="This board has no microphone"):
            OwnMicrophone(device.client)
        assert device.client.link.exchange(b"listen%", 5) == ["e-[This board has no microphone]"]
    with pytest.raises(UsageError, match=f"{target} has no microphone"), open_device(target, built, sound=sound):
        pass


def test_an_emulator_can_play_to_every_board_with_a_microphone() -> None:
    having = [row for row in BOARDS.values() if row.microphone]
    assert [row.target for row in having] == ["nano33"]
    assert all(EMULATORS[row.emulator].hearing for row in having)


class Watched:
    """The board's serial line and its LED, in this process, until the recording is over."""

    def __init__(self) -> None:
        self.machine: Machine | None = None
        self.said = bytearray()
        self.lit: list[tuple[int, bool | None]] = []
        self.started = 0

    def read(self, limit: int, wait_seconds: float) -> bytes:
        assert self.machine is not None
        if not self.started and b"m-ready" in self.said:
            self.started = self.machine.clock.now()
            return b"listen start%"
        if self.started:
            self.lit.append(((self.machine.clock.now() - self.started) // 4000, self.machine.pins.driven(LED)))
            if self.lit[-1][0] > len(PCM):
                self.machine.stop()
        return b""

    def write(self, data: bytes) -> None:
        self.said += data


def test_an_event_lights_the_led_for_a_moment(image: FirmwareImage) -> None:
    line = Watched()
    line.machine = Machine(Image(image.elf), line, microphone=Microphone(PCM))
    line.machine.run()
    assert line.said.count(b"m-heard-") == len(wanted())
    for sample, lit in line.lit:
        since = min((sample - event for _, event in wanted() if event <= sample), default=100_000)
        if 2 * BUFFER < since < 4000 - BUFFER:
            assert lit
        elif since > 4000 + 2 * BUFFER:
            assert lit is False
    assert {lit for _, lit in line.lit} >= {True, False}
