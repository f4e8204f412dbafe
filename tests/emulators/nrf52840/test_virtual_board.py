"""The virtual Nano 33 BLE from outside: its port, its counts, its faults, its end."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from pipeline.emulators.nrf52840 import VirtualBoard, start
from pipeline.emulators.nrf52840.machine import Machine
from pipeline.emulators.nrf52840.mpu import Mpu
from pipeline.emulators.nrf52840.symbols import Image
from pipeline.emulators.nrf52840.timers import Watchdog
from pipeline.errors import DeviceError
from tests.emulators.nrf52840.conftest import BOARDS, build_exerciser


class Session:
    """A board and an open port on it."""

    def __init__(self, board: VirtualBoard) -> None:
        self.board = board
        self.open()

    def open(self) -> None:
        """Opens the port, which throws away what came before, and waits until the board listens."""
        self.port = serial.Serial(self.board.port, 115200, timeout=0.2)
        deadline = time.monotonic() + 10
        while self.port.readline() != b"\n":
            assert time.monotonic() < deadline
            self.port.write(b"?")
        self.port.timeout = 10

    def ask(self, letter: str, *words: int) -> str:
        self.port.write(letter.encode() + b"".join(struct.pack("<I", word) for word in words))
        return self.port.readline().decode().strip()


@pytest.fixture
def session(nano33_elf: Path) -> Iterator[Session]:
    with start(nano33_elf) as board:
        yield Session(board)


@pytest.fixture
def chip(nano33_elf: Path) -> Iterator[Session]:
    """Faults go to the firmware, as on a chip."""
    with start(nano33_elf, deliver_faults=True) as board:
        yield Session(board)


def fault_of(session: Session, letter: str, *words: int) -> str:
    session.port.write(letter.encode() + b"".join(struct.pack("<I", word) for word in words))
    deadline = time.monotonic() + 10
    while (reason := session.board.failure()) is None:
        assert time.monotonic() < deadline, "the board did not stop"
        time.sleep(0.01)
    return reason


def test_bytes_go_both_ways_unharmed(session: Session) -> None:
    data = bytes(i * 37 & 0xFF for i in range(20_000))
    session.port.write(b"e" + struct.pack("<I", len(data)) + data)
    assert session.port.read(len(data)) == data


def test_ticks_are_instructions_and_exact(session: Session) -> None:
    assert [int(session.ask("p"), 16) for _ in range(3)] == [3000] * 3


def test_two_runs_execute_the_same_instructions(nano33_elf: Path) -> None:
    def run() -> list[str]:
        with start(nano33_elf) as board:
            session = Session(board)
            return [session.ask("p"), session.ask("m")]

    assert run() == run()


def test_ticks_go_on_during_sleep(session: Session) -> None:
    half_a_second = 32_000_000
    assert abs(int(session.ask("z"), 16) - half_a_second) < 1000


def test_stack_low_water_is_what_the_firmware_sees(session: Session) -> None:
    seen = int(session.ask("m"), 16)
    assert seen <= session.board.stack_low_water() <= seen + 128  # asking itself, and interrupts, may go deeper


def test_instructions_are_counted(session: Session) -> None:
    before = session.board.instructions()
    session.ask("p")
    assert 9000 < session.board.instructions() - before < 20_000


def test_watchdog_resets_a_hung_board(session: Session) -> None:
    session.port.timeout = 120  # six seconds of a chip that spins are 400 million instructions
    session.port.write(b"h")
    assert session.port.readline() == b"ready watchdog\n"


class NoLine:
    """Nothing at the other end."""

    def read(self, limit: int, wait_seconds: float) -> bytes:
        return b""

    def write(self, data: bytes) -> None:
        pass


def test_a_running_watchdog_survives_a_software_reset_alone(nano33_elf: Path) -> None:
    machine = Machine(Image(nano33_elf), NoLine())
    for reason, running in ((1 << 2, 1), (1 << 0, 0), (1 << 1, 0)):  # software, pin, the watchdog itself
        machine.watchdog.write(Watchdog.TASKS_START, 1)
        machine._reset(reason)
        assert machine.watchdog.read(Watchdog.RUNSTATUS) == running


def test_the_bootloader_leaves_its_regions_and_takes_its_ram_and_half_a_second(
    nano33_elf: Path, tmp_path: Path
) -> None:
    machine = Machine(Image(nano33_elf), NoLine())
    assert machine.clock.now() == 32_000_000
    assert machine._system.mpu.read(Mpu.CTRL) == 5
    below, above = 0x20009E10, 0x20009E14
    assert machine._memory.word(below) == 0
    assert machine._memory.word(above) != 0  # RAM at power-up is anything
    machine._memory.write_ram(below, bytes(range(1, 9)))
    machine._reset(1 << 0)
    assert (machine._memory.word(below), machine._memory.word(above)) == (0, 0x08070605)
    assert machine.clock.now() == 64_000_000
    kit = Machine(Image(build_exerciser("nrf52840dk", tmp_path)), NoLine())
    assert (kit.clock.now(), kit._system.mpu.read(Mpu.CTRL)) == (0, 0)
    assert kit._memory.word(below) != 0


def test_an_image_that_nothing_starts_is_refused(tmp_path: Path) -> None:
    boards = tmp_path / "boards"
    shutil.copytree(BOARDS, boards)
    script = boards / "nrf5" / "nano33.ld"
    script.write_text(
        script.read_text().replace("ORIGIN = 0x00010000, LENGTH = 960K", "ORIGIN = 0x00011000, LENGTH = 956K")
    )
    with pytest.raises(DeviceError, match="starts at 0x11000: the core starts 0x0, the bootloader 0x10000"):
        Machine(Image(build_exerciser("nano33", tmp_path, boards)), NoLine())


def test_software_and_pin_reset_say_so(session: Session) -> None:
    assert session.ask("q") == "ready software"
    session.board.press_reset()
    assert session.port.readline() == b"ready pin\n"


@pytest.mark.parametrize(
    ("letter", "words", "reason", "function"),
    [
        ("r", (0x30000000,), "read where nothing is: 0x30000000", "touch (exerciser.c:"),
        ("r", (0x4001C504,), "read where nothing is: 0x4001c504", "touch (exerciser.c:"),  # PWM0: not modelled
        ("r", (0x40002FFC,), "register 0xffc of UART0 is not modelled", "touch (exerciser.c:"),
        ("w", (0x00010000,), "write to flash: 0x00010000", "main (exerciser.c:"),
        ("u", (), "undefined instruction", "main (exerciser.c:"),
        ("b", (), "breakpoint", "main (exerciser.c:"),
        ("j", (0x60000000,), "jump to where nothing is: 0x60000000", "main"),
        ("o", (), "outside of the stack (overflow?)", "recurse (exerciser.c:"),
    ],
)
def test_fault_ends_the_run_with_the_line(
    session: Session, letter: str, words: tuple[int, ...], reason: str, function: str
) -> None:
    report = fault_of(session, letter, *words)
    assert reason in report
    assert function in report
    assert "pc 000" in report or letter == "j"
    assert "lr " in report


def test_fault_backtrace_reaches_main(session: Session) -> None:
    report = fault_of(session, "r", 0x30000000)
    frames = [line.split()[1] for line in report.splitlines() if line.startswith("  at ")]
    assert frames == ["touch", "main", "cortex_m_start"]


def test_fault_replaces_the_error_it_causes(nano33_elf: Path) -> None:
    def test_that_gets_no_answer() -> None:
        with start(nano33_elf) as board:
            fault_of(Session(board), "u")
            raise DeviceError("no answer")

    with pytest.raises(DeviceError, match="undefined instruction"):
        test_that_gets_no_answer()


def test_delivered_fault_is_reported_after_the_reset(chip: Session) -> None:
    assert chip.ask("f") == "0" * 32
    assert chip.ask("r", 0x30000000) == "ready software"
    count, pc, cfsr, address = struct.unpack(">4I", bytes.fromhex(chip.ask("f")))
    assert (count, cfsr, address) == (1, 0x8200, 0x30000000)
    assert 0x10000 < pc < 0x11000
    assert chip.ask("u") == "ready software"
    assert chip.ask("f").startswith("00000002")


def test_delivered_stack_overflow_is_survived(chip: Session) -> None:
    assert chip.ask("o") == "ready software"
    assert chip.ask("f").startswith("00000001")


def test_port_can_be_closed_and_opened_again(session: Session) -> None:
    session.port.close()
    session.open()
    assert session.ask("p") == "00000bb8"


def test_development_kit_image_runs_from_address_zero(tmp_path: Path) -> None:
    with start(build_exerciser("nrf52840dk", tmp_path)) as board:
        assert Session(board).ask("p") == "00000bb8"


@pytest.mark.parametrize("content", [b"", b"\x7fELF nonsense"])
def test_damaged_image_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.elf"
    path.write_bytes(content)
    with pytest.raises(DeviceError, match="not a firmware image"), start(path):
        pass


def test_missing_and_foreign_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="No such file"), start(tmp_path / "none.elf"):
        pass
    with pytest.raises(DeviceError, match="built for"), start(Path(sys.executable).resolve()):
        pass
    with pytest.raises(DeviceError, match="built for microbit"), start(build_exerciser("microbit", tmp_path)):
        pass


def test_killed_board_is_reported(session: Session) -> None:
    os.kill(session.board.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while (reason := session.board.failure()) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reason is not None
    assert "-9" in reason
    with pytest.raises(DeviceError):
        session.board.instructions()


def test_board_ends_with_its_parent(nano33_elf: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom pipeline.emulators.nrf52840 import VirtualBoard\n"
        "print(VirtualBoard(Path(sys.argv[1])).pid, flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(nano33_elf)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.02)
    pytest.fail("the board outlived its parent")


def test_command_line_prints_the_port_and_stops_on_ctrl_c(nano33_elf: Path) -> None:
    board = subprocess.Popen(
        [sys.executable, "-m", "pipeline.emulators.nrf52840", str(nano33_elf)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert board.stdout is not None
        port = board.stdout.readline().split()[-1]
        with serial.Serial(port, 115200, timeout=0.2) as line:
            deadline = time.monotonic() + 10
            while line.readline() != b"00000bb8\n":
                assert time.monotonic() < deadline
                line.write(b"p")
        board.send_signal(signal.SIGINT)
        assert board.wait(10) == 0
        board.stdout.close()
    finally:
        board.kill()
        board.wait()
