"""What goes wrong says what it was, keeps what there is, and does not hang."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest

from pipeline.boards import board
from pipeline.device import open_device, run_test
from pipeline.device.client import Client
from pipeline.device.link import Link, Timing
from pipeline.errors import DeviceError, FirmwareError, ToolchainError, UsageError
from pipeline.export import write_c_arrays
from pipeline.firmware import build_firmware
from pipeline.layers import logits
from tests.conftest import make_model

rng = np.random.default_rng(3)


def rows(model, count: int) -> np.ndarray:
    return rng.integers(-127, 128, (count, model.inputs)).astype(np.int8)


def test_no_qemu(built, monkeypatch):
    image = built("qemu").image
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolchainError, match="qemu-system-arm") as error, open_device("qemu", image):
        pass
    assert "apt-get install" in error.value.hint


def test_no_compiler(built, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolchainError, match="arm-none-eabi-gcc") as error:
        build_firmware("qemu", tmp_path, tmp_path)
    assert "apt-get install gcc-arm-none-eabi" in error.value.hint


def test_no_model(tmp_path):
    with pytest.raises(FirmwareError, match=r"no kws_model\.c"):
        build_firmware("qemu", tmp_path, tmp_path)


def test_unknown_target_suggests_the_nearest():
    with pytest.raises(UsageError) as error:
        board("quemu")
    assert error.value.hint == "did you mean qemu?"


def test_a_model_too_large_for_the_flash_says_by_how_much(tmp_path):
    model = make_model(8, widths=(1024, 1024), frames=1)
    write_c_arrays(model, board("nano33").core.variant, tmp_path / "c", source_hash="0" * 64)
    with pytest.raises(FirmwareError, match=r"bytes too large for the 983,040 bytes of FLASH") as error:
        build_firmware("nano33", tmp_path / "c", tmp_path)
    excess = int(error.value.message.split("is ")[1].split(" ")[0].replace(",", ""))
    assert 90_000 < excess < 200_000
    assert "--weight-bits" in error.value.hint


def test_code_that_does_not_compile_names_the_error(tmp_path):
    (tmp_path / "kws_model.c").write_text("int broken(")
    (tmp_path / "kws_model_config.h").write_text("")
    with pytest.raises(FirmwareError, match="error:") as error:
        build_firmware("host", tmp_path, tmp_path / "out")
    assert "build.log" in error.value.hint


def test_another_firmware_is_not_tested(built):
    image = replace(built("host").image, build_hash="0123456789abcdef")
    with pytest.raises(DeviceError, match="runs build") as error, open_device("host", image):
        pass
    assert "--flash" in error.value.hint


def test_another_model_is_not_tested(built):
    made = built("host")
    other = make_model(4, widths=(9,), labels=6)
    with open_device("host", made.image) as device, pytest.raises(DeviceError, match="carries model"):
        run_test(device, other, rows(other, 1))


@pytest.mark.parametrize("target", ["host", "qemu"])
def test_an_emulator_that_dies_midway_is_named_and_a_rerun_resumes(built, target, tmp_path):
    made = built(target)
    features = rows(made.model, 40)
    journal = tmp_path / "journal.txt"
    with open_device(target, made.image) as device:
        run = device.client.run
        calls = iter(range(1000))

        def run_then_die(row):
            if next(calls) == 15:
                os.kill(device.machine.popen.pid, signal.SIGKILL)
            return run(row)

        device.client.run = run_then_die
        started = time.monotonic()
        with pytest.raises(DeviceError, match="was killed by SIGKILL"):
            run_test(device, made.model, features, resume=journal)
    assert time.monotonic() - started < 15
    with open_device(target, made.image) as device:
        result = run_test(device, made.model, features, resume=journal)
    assert result.resumed == 15
    assert result.differing_logits(logits(made.model, features)) == 0


def test_a_damaged_journal_loses_only_the_damaged_lines(built, tmp_path):
    made = built("host")
    features = rows(made.model, 10)
    journal = tmp_path / "journal.txt"
    with open_device("host", made.image) as device:
        first = run_test(device, made.model, features, resume=journal)
        lines = journal.read_text().splitlines(keepends=True)
        lines[3] = lines[3].replace("0", "1", 1)
        journal.write_text("".join(lines)[:-9])
        again = run_test(device, made.model, features, resume=journal)
        other = run_test(device, made.model, features[::-1].copy(), resume=journal)
    assert (first.resumed, again.resumed, other.resumed) == (0, 8, 0)
    assert first.logits.tobytes() == again.logits.tobytes() == other.logits[::-1].tobytes()


def test_journals_mixed_up_are_told_apart(built, tmp_path):
    made = built("host")
    features = rows(made.model, 4)
    journal = tmp_path / "journal.txt"
    with open_device("host", made.image) as device:
        other = run_test(device, made.model, features[::-1].copy(), resume=journal)
        foreign = journal.read_text().splitlines(keepends=True)[1:]
        first = run_test(device, made.model, features, resume=journal)
        own = journal.read_text().splitlines(keepends=True)
        journal.write_text("".join([own[0], *foreign, *own[1:], *own[2:4]]))  # a second test wrote some lines too
        again = run_test(device, made.model, features, resume=journal)
    assert (first.resumed, again.resumed) == (0, 4)
    assert first.logits.tobytes() == again.logits.tobytes() == other.logits[::-1].tobytes()


def test_missing_port(built):
    with (
        pytest.raises(DeviceError, match="no port /dev/ttyNONE"),
        open_device("nano33", built("host").image, port="/dev/ttyNONE"),
    ):
        pass


def test_a_port_that_another_program_holds(built):
    master, slave = os.openpty()
    try:
        fcntl.flock(slave, fcntl.LOCK_EX)
        with (
            pytest.raises(DeviceError, match="another program holds"),
            open_device("nano33", built("host").image, port=os.ttyname(slave)),
        ):
            pass
    finally:
        os.close(master)
        os.close(slave)


def test_a_silent_port_gives_up_in_time():
    master, slave = os.openpty()
    try:
        started = time.monotonic()
        patience = Timing(answer=0.2, resynchronise=0.3, prod=0.1, quiet=0.02)
        with Link(os.ttyname(slave), timing=patience) as link, pytest.raises(DeviceError, match="no usable answer"):
            Client(link).command("NAME")
        assert time.monotonic() - started < 10
    finally:
        os.close(master)
        os.close(slave)


def test_nothing_is_left_behind_when_the_harness_is_killed(built, tmp_path):
    image = built("qemu").image
    script = tmp_path / "harness.py"
    script.write_text(
        textwrap.dedent(f"""
        import time
        from pathlib import Path
        from pipeline.boards import board
        from pipeline.emulators import qemu
        with qemu.start(board("qemu"), Path({str(image.elf)!r})) as machine:
            print(machine.popen.pid, flush=True)
            time.sleep(60)
    """)
    )
    harness = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    pid = int(harness.stdout.readline())
    assert os.path.exists(f"/proc/{pid}")
    harness.kill()
    harness.wait()
    harness.stdout.close()
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
