"""The same UART, timer and idle code on QEMU's own nRF51."""

from __future__ import annotations

import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial


@pytest.fixture
def port(microbit_elf: Path) -> Iterator[serial.SerialBase]:
    listener = socket.create_server(("127.0.0.1", 0))
    number = listener.getsockname()[1]
    qemu = subprocess.Popen(
        [
            "qemu-system-arm",
            "-M",
            "microbit",
            "-display",
            "none",
            "-monitor",
            "none",
            "-icount",
            "shift=6",
            "-chardev",
            f"socket,id=u,fd={listener.fileno()},server=on,wait=on,nodelay=on",
            "-serial",
            "chardev:u",
            "-kernel",
            str(microbit_elf),
        ],
        pass_fds=[listener.fileno()],
    )
    listener.close()
    try:
        with serial.serial_for_url(f"socket://127.0.0.1:{number}", timeout=20) as line:
            assert line.readline().startswith(b"ready")  # QEMU reads 1 from every power register
            yield line
    finally:
        qemu.kill()
        qemu.wait()


def test_uart_driver_loses_nothing(port: serial.SerialBase) -> None:
    data = bytes(i * 37 & 0xFF for i in range(2000))
    port.write(b"e" + struct.pack("<I", len(data)) + data)
    assert port.read(len(data)) == data


def test_uart_driver_takes_a_burst(port: serial.SerialBase) -> None:
    data = bytes(i * 91 & 0xFF for i in range(5000))
    port.write(b"s" + struct.pack("<I", len(data)) + data)
    total = 0
    for byte in data:
        total = total * 31 + byte & 0xFFFFFFFF
    assert port.readline() == f"{total:08x}\n".encode()


def test_timer_wakes_the_core(port: serial.SerialBase) -> None:
    started = time.monotonic()
    port.write(b"z")
    ticks = int(port.readline(), 16)
    assert 7_900_000 < ticks < 8_500_000  # half a second at 16 MHz
    assert time.monotonic() - started < 10


def test_stack_overflow_is_survived(port: serial.SerialBase) -> None:
    port.write(b"o")
    assert port.readline().startswith(b"ready")
    port.write(b"f")
    assert port.readline().startswith(b"00000001")
