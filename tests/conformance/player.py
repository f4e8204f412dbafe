"""Plays the MLPerf Tiny runner's side of the protocol, strictly: what it sends, how it reads, how long it waits."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import serial

ANSWER_SECONDS = 5.0
INFER_SECONDS = 30.0
PIECE_BYTES = 31


class Silence(Exception):
    """The device did not finish its answer in time; the real runner stops there."""


@dataclass(frozen=True)
class Inference:
    """What the runner keeps of an ``infer`` command."""

    results: tuple[float, ...]
    elapsed_us: int


class Player:
    """The runner, from opening the port on. Every byte received is kept in ``transcript``."""

    def __init__(self, url: str) -> None:
        self.port = serial.serial_for_url(url, baudrate=115200, timeout=0.1)
        self.transcript = bytearray()

    def restart(self) -> None:
        """Restarts the device, so that its banner comes while the port is open; opening it drops what came before."""
        self.port.write(b"name%")
        while not any(line.startswith("m-name-dut") for line in self.answer()):
            pass  # that was the banner of a device that was not up yet
        self.port.write(b"reset%")

    def close(self) -> None:
        self.port.close()

    def command(self, text: str, seconds: float = ANSWER_SECONDS) -> list[str]:
        """Sends a command, returns its answer up to and including the line that holds ``m-ready``."""
        self.port.write(text.encode() + b"%")
        return self.answer(seconds)

    def answer(self, seconds: float = ANSWER_SECONDS) -> list[str]:
        """Lines until ``m-ready``; each may take ``seconds``."""
        lines: list[str] = []
        while not lines or "m-ready" not in lines[-1]:
            line = self._line(seconds, lines)
            if line:
                lines.append(line)
        return lines

    def name(self) -> str:
        return self._single(self.command("name"), r"m-name-dut-\[([^]]+)]")

    def profile(self) -> tuple[str, str]:
        lines = self.command("profile")
        return (self._single(lines, r"m-profile-\[([^]]+)]"), self._single(lines, r"m-model-\[([^]]+)]"))

    def timestamp(self) -> int:
        return int(self._single(self.command("timestamp"), r"m-lap-us-([0-9]+)"))

    def download(self, data: bytes) -> list[str]:
        """Loads a sample in pieces; returns the answer to the last one."""
        self.command(f"db load {len(data)}")
        last: list[str] = []
        for start in range(0, len(data), PIECE_BYTES):
            last = self.command("db " + data[start : start + PIECE_BYTES].hex())
        return last

    def infer(self, count: int, warmup: int) -> Inference:
        lines = self.command(f"infer {count} {warmup}", INFER_SECONDS)
        laps = [int(match[1]) for match in (re.fullmatch(r"m-lap-us-([0-9]+)", line) for line in lines) if match]
        results = self._single(lines, r"m-results-\[([^]]+)]")
        assert len(laps) == 2, lines
        return Inference(tuple(float(x) for x in results.split(",")), laps[1] - laps[0])

    @staticmethod
    def _single(lines: list[str], pattern: str) -> str:
        found = [match[1] for match in (re.fullmatch(pattern, line) for line in lines) if match]
        assert len(found) == 1, f"{pattern} in {lines}"
        return found[0]

    def _line(self, seconds: float, before: list[str]) -> str:
        text, deadline = "", time.monotonic() + seconds
        while time.monotonic() < deadline:
            byte = self.port.read(1)
            self.transcript += byte
            if byte == b"\n":
                return text
            if byte not in (b"", b"\r", b"\0"):
                text += byte.decode("ascii")
        raise Silence(f"after {before} and {text!r}")
