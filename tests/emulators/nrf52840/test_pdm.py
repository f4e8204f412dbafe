"""The PDM peripheral register by register, and the driver's microphone at it."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from pipeline.emulators.nrf52840 import start
from pipeline.emulators.nrf52840.pdm import LOW, Microphone, Pdm
from pipeline.emulators.nrf52840.peripherals import DmaFault, Gpio, UnmodelledRegister
from pipeline.emulators.nrf52840.timers import Clock
from tests.emulators.nrf52840.conftest import BOARDS, build_exerciser
from tests.emulators.nrf52840.test_virtual_board import Session

SOUND = np.random.default_rng(5).integers(-20_000, 20_000, 8000).astype(np.int16)
BUFFER = 320
NO_GAIN = 40
CYCLES = 4000  # a sample of 16 kHz
RAM = 0x20000000


class Wired:
    """A PDM with a microphone, its registers set as they should be, on a clock that the test turns."""

    def __init__(self, **others: int) -> None:
        self.ram = np.zeros(1024, np.int16)
        self.clock, self.pins = Clock(lambda: 0), Gpio()
        self.pdm = Pdm(self.clock, self.write, self.pins, Microphone(SOUND))
        for pin, configuration in ((26, 1), (17, 1), (25, 0)):
            self.pins.write(Gpio.PIN_CNF[pin], configuration)
        self.pins.write(Gpio.OUTSET, 1 << 17)
        settings = {
            "PSEL_CLK": 26, "PSEL_DIN": 25, "PDMCLKCTRL": Pdm.FREQ_1280K, "RATIO": Pdm.RATIO_80, "MODE": Pdm.MONO,
            "SAMPLE_PTR": RAM, "SAMPLE_MAXCNT": 8, "ENABLE": 1, "INTENSET": 1,
        }  # fmt: skip
        for name, value in {**settings, **others}.items():
            self.set(name, value)

    def write(self, address: int, data: bytes) -> None:
        if address < RAM:
            raise DmaFault("not RAM")
        at = (address - RAM) // 2
        self.ram[at : at + len(data) // 2] = np.frombuffer(data, "<i2")

    def set(self, name: str, value: int = 1) -> None:
        self.pdm.write(getattr(Pdm, name), value)

    def get(self, name: str) -> int:
        return self.pdm.read(getattr(Pdm, name))

    def run(self, samples: float) -> None:
        self.clock.slept += round(samples * CYCLES)
        self.pdm.advance()


def test_samples_come_one_by_one_and_the_next_address_is_taken_when_a_buffer_ends() -> None:
    wired = Wired()
    assert not wired.pdm.pending()
    wired.set("TASKS_START")
    assert wired.get("EVENTS_STARTED")
    assert wired.pdm.pending()
    wired.set("EVENTS_STARTED", 0)
    assert not wired.pdm.pending()
    wired.set("SAMPLE_PTR", RAM + 64)  # for the transfer after this one
    assert wired.pdm.deadline() == 8 * CYCLES
    wired.run(3.9)
    assert wired.ram.tolist() == [*SOUND[:3], *[0] * 1021]
    wired.run(4)
    assert not wired.get("EVENTS_END")
    wired.run(0.1)
    assert wired.get("EVENTS_END")
    assert wired.pdm.pending()
    wired.run(16)  # an address that is not renewed is used again
    assert wired.ram[:8].tolist() == SOUND[:8].tolist()
    assert wired.ram[32:40].tolist() == SOUND[16:24].tolist()


def test_it_stops_with_the_sample_in_progress_and_starts_at_the_beginning() -> None:
    wired = Wired(INTENSET=0b010)
    wired.set("TASKS_START")
    wired.run(3.5)
    wired.set("TASKS_STOP")
    assert not wired.get("EVENTS_STOPPED")
    assert wired.pdm.deadline() == 4 * CYCLES
    wired.run(0.5)
    assert wired.get("EVENTS_STOPPED")
    assert wired.get("EVENTS_END")
    assert wired.pdm.pending()
    wired.run(100)
    assert wired.ram.tolist() == [*SOUND[:4], *[0] * 1020]
    wired.set("TASKS_START")
    wired.run(8)
    assert wired.ram[:8].tolist() == SOUND[:8].tolist()


def test_it_does_not_start_while_disabled() -> None:
    wired = Wired(ENABLE=0)
    wired.set("TASKS_START")
    wired.run(10)
    assert not wired.get("EVENTS_STARTED")
    assert not wired.ram.any()


@pytest.mark.parametrize(
    "others",
    [{"PSEL_CLK": 27}, {"PSEL_DIN": 24}, {"PSEL_CLK": 0x80000000 | 26}, {"MODE": Pdm.MONO | Pdm.LEFT_RISING}],
)
def test_a_wrong_pin_or_edge_hears_nothing(others: dict[str, int]) -> None:
    wired = Wired(**others)
    wired.set("TASKS_START")
    wired.run(8)
    assert wired.ram[:8].tolist() == [LOW] * 8


@pytest.mark.parametrize(("pin", "configuration"), [(26, 2), (17, 2), (25, 2)])
def test_a_pin_that_is_not_configured_hears_nothing(pin: int, configuration: int) -> None:
    wired = Wired()
    wired.pins.write(Gpio.PIN_CNF[pin], configuration)
    wired.set("TASKS_START")
    wired.run(8)
    assert wired.ram[:8].tolist() == [LOW] * 8


def test_another_rate_hears_the_sound_at_another_speed() -> None:
    wired = Wired(RATIO=Pdm.RATIO_64)  # 20 kHz
    wired.set("TASKS_START")
    wired.run(8)
    assert wired.ram[:8].tolist() == [SOUND[i * 4 // 5] for i in (8, 9, 2, 3, 4, 5, 6, 7)]


def test_stereo_puts_the_other_channel_between() -> None:
    wired = Wired(MODE=0)
    wired.set("TASKS_START")
    wired.run(4)
    assert wired.ram[:8].tolist() == [SOUND[0], LOW, SOUND[1], LOW, SOUND[2], LOW, SOUND[3], LOW]


def test_gain_is_in_half_decibels_and_clips() -> None:
    wired = Wired(GAINL=NO_GAIN + 12)
    wired.set("TASKS_START")
    wired.run(8)
    wanted = np.clip(np.rint(SOUND[:8] * 10 ** (6 / 20)), -32768, 32767)
    assert wired.ram[:8].tolist() == wanted.tolist()
    assert 32767 in np.abs(wired.ram[:8]) or -32768 in wired.ram[:8]


def test_a_buffer_outside_of_ram_faults() -> None:
    wired = Wired(SAMPLE_PTR=0x1000)
    wired.set("TASKS_START")
    with pytest.raises(DmaFault):
        wired.run(1)


def test_registers_it_does_not_have_are_named() -> None:
    with pytest.raises(UnmodelledRegister, match="0xffc of PDM"):
        Wired().pdm.read(0xFFC)


# The driver.


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "sound.raw"
    SOUND.astype("<i2").tofile(path)
    return path


def heard(session: Session, count: int, *, gain: int = NO_GAIN, pause: int = 0) -> tuple[list[int], np.ndarray]:
    """Samples lost before each buffer, and the buffers ``[count, BUFFER]``."""
    session.port.write(b"a" + struct.pack("<3I", gain, count, pause))
    data = session.port.read(count * (4 + 2 * BUFFER))
    assert session.port.readline() == b"\n"
    rows = np.frombuffer(data, np.dtype([("lost", "<u4"), ("pcm", "<i2", BUFFER)]))
    return rows["lost"].tolist(), rows["pcm"]


def test_the_driver_hears_every_sample_and_again_after_a_stop(nano33_elf: Path, recording: Path) -> None:
    with start(nano33_elf, microphone=recording, hurry=True) as board:
        session = Session(board)
        for _ in range(2):
            lost, pcm = heard(session, 26)
            assert lost == [0] * 26
            assert pcm.reshape(-1)[: len(SOUND)].tolist() == SOUND.tolist()
            assert not pcm.reshape(-1)[len(SOUND) :].any()  # silence behind the end
        _, loud = heard(session, 1, gain=NO_GAIN + 6)
        assert loud[0].tolist() == np.clip(np.rint(SOUND[:BUFFER] * 10 ** (3 / 20)), -32768, 32767).tolist()


def test_buffers_wait_for_a_slow_application(nano33_elf: Path, recording: Path) -> None:
    """Late now and then: as late as the ring is long, nothing is lost."""
    with start(nano33_elf, microphone=recording, hurry=True) as board:
        lost, pcm = heard(Session(board), 8, pause=BUFFER * CYCLES + 50_000)
    assert lost == [0] * 8
    assert pcm.reshape(-1).tolist() == SOUND[: 8 * BUFFER].tolist()


def test_what_a_too_slow_application_loses_is_counted_where_it_lay(nano33_elf: Path, recording: Path) -> None:
    with start(nano33_elf, microphone=recording, hurry=True) as board:
        lost, pcm = heard(Session(board), 9, pause=2 * BUFFER * CYCLES)
    assert sum(lost) > 0
    assert all(count % BUFFER == 0 for count in lost)
    at = 0
    for count, row in zip(lost, pcm, strict=True):
        at += count
        piece = SOUND[at : at + BUFFER]
        assert row[: len(piece)].tolist() == piece.tolist()
        at += BUFFER


def test_without_a_microphone_there_is_one_value(nano33_elf: Path) -> None:
    with start(nano33_elf) as board:
        _, pcm = heard(Session(board), 2)
    assert set(pcm.reshape(-1).tolist()) == {LOW}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("NRF_PIN(0, 26)", "NRF_PIN(0, 27)"),
        ("NRF_PIN(0, 25)", "NRF_PIN(1, 25)"),
        ("NRF_PIN(0, 17)", "NRF_PIN(0, 18)"),
        ("RATIO = RATIO_80;", "RATIO = 0;"),
        ("CLOCK_1280K = 10 << 24", "CLOCK_1280K = 0x08400000"),
        ("MODE = MONO_LEFT_FALLING;", "MODE = 0;"),
        ("SAMPLE_MAXCNT = MICROPHONE_SAMPLES;", "SAMPLE_MAXCNT = MICROPHONE_SAMPLES - 1u;"),
        ("queue(completed + 1u);", "queue(completed + 2u);"),
    ],
)
def test_a_wrong_driver_is_noticed(tmp_path: Path, recording: Path, right: str, wrong: str) -> None:
    """What the tests above compare with: a driver with one mistake hears something else, or nothing."""
    boards = tmp_path / "boards"
    shutil.copytree(BOARDS, boards)
    driver = boards / "nrf5" / "nrf_pdm.c"
    text = driver.read_text()
    assert right in text
    driver.write_text(text.replace(right, wrong))
    with start(build_exerciser("nano33", tmp_path, boards), microphone=recording, hurry=True) as board:
        _, pcm = heard(Session(board), 4)
    assert pcm.reshape(-1).tolist() != SOUND[: 4 * BUFFER].tolist()
