"""Typed commands over a link. Whatever is returned was proved: by checksums of input, build and line."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.device.link import Link, LinkClosed, NoAnswer
from pipeline.device.protocol import DB_MAX, FRAME_START, answers_match, checked_text, encode_frame, registry
from pipeline.errors import DeviceError

RESTART_ATTEMPTS = 4
"""Times that a device may restart at one command."""
BOOTED = "m-init-done"
"""The line of the boot banner that no command answers."""
ATTEMPTS = 24
"""Times that a command is sent before a link that damages what it carries is given up."""
SILENT_ATTEMPTS = 5
"""The same for a device of which nothing at all is heard: more patience would only cost time."""

_NOISE = tuple(
    f"e-[{text}"
    for text in (
        "Empty command",
        "Unknown command",
        "Command too long",
        "Bad number",
        "Bad or odd hex",
        "Damaged frame",
        "Interrupted",
    )
)
"""Errors that a damaged command gets; any other one means what it says."""

T = TypeVar("T")


@dataclass(frozen=True)
class BuildInfo:
    """What the device says it is: see ``build%``."""

    version: str
    build: str
    model: str
    hash: str
    engine: str
    kernels: str
    board: str
    tick_hz: int
    inputs: int
    labels: int
    layers: int
    reset: str


@dataclass(frozen=True)
class Inference:
    """Logits float32 ``[labels]`` and the board ticks they took."""

    logits: NDArray[np.float32]
    ticks: int


@dataclass(frozen=True)
class LayerTicks:
    """One layer of the last inference."""

    name: str
    outputs: int
    ticks: int


@dataclass(frozen=True)
class MemoryUse:
    """RAM in bytes; the stack is 0 where the system owns it."""

    buffers: int
    arena: int
    stack: int
    stack_used: int


@dataclass(frozen=True)
class InferResult:
    """Answer of ``infer%``: softmax to three decimals, and microseconds of all timed inferences together."""

    results: tuple[float, ...]
    microseconds: int


class Refused(DeviceError):
    """The device answered with an error line of its own."""


class _Damaged(Exception):
    """An answer that proves nothing; ask again."""


class Client:
    """A device at the other end of a link.

    Every command is repeated, after resynchronising, until its answer is whole; a port that went away is waited for.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.retries = 0
        self.restarts = 0
        self._build: BuildInfo | None = None

    # ---- asking ----

    def ask(self, data: bytes, read: Callable[[list[str]], T], *, seconds: float | None = None) -> T:
        """Sends ``data`` until ``read`` accepts the answer's lines.

        Raises:
            Refused: the device gave the same error twice in a row, and not one that a damaged command gets.
            DeviceError: no whole answer in ``ATTEMPTS`` attempts, or nothing heard in ``SILENT_ATTEMPTS``.
        """
        problem = ""
        silent = attempt = 0
        restarts = self.restarts
        for attempt in range(ATTEMPTS):
            try:
                if attempt:
                    self.retries += 1
                    self.link.resynchronise()
                lines = self.link.exchange(data, self.link.timing.answer if seconds is None else seconds)
                silent = 0
                if BOOTED in lines:
                    self.restarts += 1
                    raise _Damaged("the device restarted")
                errors = [line for line in lines if line.startswith("e-[")]
                if not errors:
                    return read(lines)
                if errors[0] == problem and not errors[0].startswith(_NOISE):
                    raise Refused(f"the device answered {problem}")
                problem = errors[0]
            except NoAnswer as error:
                problem = error.message
                silent = 0 if error.lines else silent + 1
                if silent == SILENT_ATTEMPTS:
                    break
            except LinkClosed as error:
                problem = error.message
                self.link.reopen()
            except _Damaged as error:
                problem = f"damaged answer: {error}"
            if self.restarts - restarts == RESTART_ATTEMPTS:
                break
        if self.restarts - restarts == RESTART_ATTEMPTS:
            asked = "an inference" if data.startswith(FRAME_START) else data.decode("latin-1")
            raise DeviceError(
                f"the device restarts at {asked} every time; its last fault: {self._fault_line()}",
                "arm-none-eabi-addr2line -e firmware.elf turns its pc into a line of source",
            )
        raise DeviceError(
            f"no usable answer from {self.link.url} in {attempt + 1} attempts; last: {problem}",
            "check cable and ground; try a lower baud rate or another USB port",
        )

    def _fault_line(self) -> str:
        """What ``fault%`` says, without asking twice."""
        with suppress(NoAnswer, LinkClosed):
            self.link.resynchronise()
            return " ".join(self.link.exchange(b"fault%", self.link.timing.answer))
        return "unknown"

    def command(self, text: str, identifier: str, read: Callable[[list[str]], T], seconds: float | None = None) -> T:
        """Asks a text command of the registry, given without its ``%``; ``read`` gets lines proved to be its answer."""
        entry = registry().command(identifier)
        return self.ask(
            text.encode("ascii") + b"%", _checked(entry.answers, entry.origin == "dynq", read), seconds=seconds
        )

    def frame(self, identifier: str, data: bytes, read: Callable[[list[str]], T]) -> T:
        """The same for a frame."""
        entry = registry().frame(identifier)
        return self.ask(encode_frame(entry.kind, data), _checked(entry.answers, True, read))

    # ---- the runner's commands ----

    def name(self) -> str:
        return self.command("name", "NAME", lambda lines: lines[0][len("m-name-dut-[") : -1])

    def profile(self) -> tuple[str, str]:
        """Firmware profile and model identifier."""
        return self.command("profile", "PROFILE", lambda lines: (_inside(lines[0]), _inside(lines[1])))

    def timestamp(self) -> int:
        """Microseconds since the device started."""
        return self.command("timestamp", "TIMESTAMP", lambda lines: int(lines[0].rpartition("-")[2]))

    def results(self) -> tuple[float, ...]:
        """Softmax of the last inference, three decimals."""
        return self.command("results", "RESULTS", lambda lines: _floats(lines[0]))

    def infer(self, count: int = 1, warmup: int = 0, *, seconds: float = 30.0) -> InferResult:
        """Runs timed inferences of the loaded input."""

        def read(lines: list[str]) -> InferResult:
            first, last = (int(line.rpartition("-")[2]) for line in lines if line.startswith("m-lap-us-"))
            return InferResult(_floats(lines[-1]), last - first)

        return self.command(f"infer {count} {warmup}", "INFER", read, seconds)

    def load_hex(self, features: NDArray[np.int8], *, per_line: int = DB_MAX) -> None:
        """Loads int8 ``[K]`` by ``db`` lines, as the runner does, and proves it by ``crc%``."""
        data = features.tobytes()
        for attempt in range(ATTEMPTS):
            try:
                if attempt:
                    self.retries += 1
                    with suppress(NoAnswer):  # the command that follows finds out whether the device is silent for good
                        self.link.resynchronise()
                self.command(f"db load {len(data)}", "DB_LOAD", lambda lines: None)
                for start in range(0, len(data), per_line):
                    # not repeated by itself: a line that did arrive would be counted twice
                    lines = self.link.exchange(
                        f"db {data[start : start + per_line].hex()}%".encode(), self.link.timing.answer
                    )
                    if any(line.startswith("e-[") for line in lines):
                        raise _Damaged(lines[0])
                if self.crc() == (zlib.crc32(data), len(data)):
                    return
            except (_Damaged, NoAnswer):
                continue
            except LinkClosed:
                self.link.reopen()
        raise DeviceError(f"could not load the input in {ATTEMPTS} attempts", "check cable and ground")

    # ---- our own ----

    def build(self) -> BuildInfo:
        def read(lines: list[str]) -> BuildInfo:
            pairs = dict(part.split("=", 1) for part in _inside(lines[0]).split(","))
            numbers = {key: int(pairs[key.replace("_", "-")]) for key in ("tick_hz", "inputs", "labels", "layers")}
            texts = {
                key: pairs[key] for key in ("version", "build", "model", "hash", "engine", "kernels", "board", "reset")
            }
            return BuildInfo(**texts, **numbers)  # type: ignore[arg-type]

        self._build = self.command("build", "BUILD", read)
        return self._build

    def crc(self) -> tuple[int, int]:
        """CRC-32 and length of the input buffer."""

        def read(lines: list[str]) -> tuple[int, int]:
            crc, length = _inside(lines[0]).split(",")
            return int(crc, 16), int(length)

        return self.command("crc", "CRC", read)

    def load(self, features: NDArray[np.int8]) -> None:
        """Loads int8 ``[K]`` in one frame, which carries its own CRC-32, and proves it by ``crc%``."""
        data = features.tobytes()
        for _ in range(ATTEMPTS):
            self.ask(encode_frame("L", data), lambda lines: None)
            if self.crc() == (zlib.crc32(data), len(data)):
                return
            self.retries += 1
        raise DeviceError(f"could not load the input in {ATTEMPTS} attempts", "check cable and ground")

    def logits(self, features: NDArray[np.int8]) -> Inference:
        """One inference of the input loaded before, which must be ``features``: the answer proves it."""
        return self.ask(b"logits%", lambda lines: self._inference(lines, features))

    def run(self, features: NDArray[np.int8]) -> Inference:
        """Loads int8 ``[K]`` and runs one inference, in one exchange."""
        return self.ask(encode_frame("R", features.tobytes()), lambda lines: self._inference(lines, features))

    def _inference(self, lines: list[str], features: NDArray[np.int8]) -> Inference:
        plain = _proved(lines)
        if len(plain) != 1 or not plain[0].startswith("m-logits-["):
            raise _Damaged(" / ".join(plain)[:200])
        build = self._build or self.build()
        crc, build_crc, ticks, *bits = _inside(plain[0]).split(",")
        if int(build_crc, 16) != zlib.crc32(build.build.encode()):
            raise DeviceError(f"{self.link.url} changed its firmware during the test", "flash it again and rerun")
        if int(crc, 16) != zlib.crc32(features.tobytes()) or len(bits) != build.labels:
            raise _Damaged("result of another input")
        return Inference(_floats_of(bits), int(ticks))

    def layers(self) -> tuple[tuple[LayerTicks, ...], int]:
        """Layers of the last inference, and its ticks as a whole."""

        def read(lines: list[str]) -> tuple[tuple[LayerTicks, ...], int]:
            rows = [_inside(line).split(",") for line in lines]
            layers = tuple(LayerTicks(name, int(outputs), int(ticks)) for _, name, outputs, ticks in rows[:-1])
            if len(layers) != int(rows[-1][0]) or [int(row[0]) for row in rows[:-1]] != list(range(len(layers))):
                raise _Damaged("layers are missing")
            return layers, int(rows[-1][1])

        return self.command("layers", "LAYERS", read)

    def memory(self) -> MemoryUse:
        def read(lines: list[str]) -> MemoryUse:
            return MemoryUse(*(int(part.partition("=")[2]) for part in _inside(lines[0]).split(",")))

        return self.command("memory", "MEMORY", read)

    def dump(self, layer: int, features: NDArray[np.int8]) -> NDArray[np.float32]:
        """Outputs float32 of one layer for the input loaded before, which must be ``features``."""

        def read(lines: list[str]) -> NDArray[np.float32]:
            *rows, end = (_inside(line).split(",") for line in lines)
            values = _floats_of([bits for row in rows for bits in row[2:]])
            index, count, crc, check = end
            if int(index) != layer or len(values) != int(count) or zlib.crc32(values.tobytes()) != int(check, 16):
                raise _Damaged("values are missing")
            if int(crc, 16) != zlib.crc32(features.tobytes()):
                raise _Damaged("values of another input")
            return values

        return self.command(f"dump {layer}", "DUMP", read)

    def fault(self) -> dict[str, str] | None:
        """The last hard fault's registers, or None."""

        def read(lines: list[str]) -> dict[str, str] | None:
            text = lines[0][len("m-fault-[") : -1]
            return None if text == "none" else dict(part.split("=", 1) for part in text.split(","))

        return self.command("fault", "FAULT", read)

    def clear_fault(self) -> None:
        self.command("fault clear", "FAULT_CLEAR", lambda lines: None)

    def reset(self) -> None:
        """Restarts the firmware and waits for its banner."""
        self.link.exchange(b"reset%", self.link.timing.banner)


def _checked(answers: tuple[str, ...], own: bool, read: Callable[[list[str]], T]) -> Callable[[list[str]], T]:
    def checked(lines: list[str]) -> T:
        plain = _proved(lines) if own else lines
        if not answers_match(answers, plain):
            raise _Damaged(" / ".join(plain)[:200])
        return read(plain)

    return checked


def _proved(lines: list[str]) -> list[str]:
    plain = [checked_text(line) for line in lines]
    if any(line is None for line in plain):
        raise _Damaged(" / ".join(lines)[:200])
    return [line for line in plain if line is not None]


def _inside(line: str) -> str:
    match = re.fullmatch(r"m-[a-z-]+-?\[(.*)\]", line)
    if match is None:
        raise _Damaged(line[:200])
    return match[1]


def _floats(line: str) -> tuple[float, ...]:
    try:
        return tuple(float(value) for value in _inside(line).split(","))
    except ValueError:
        raise _Damaged(line[:200]) from None


def _floats_of(bits: list[str]) -> NDArray[np.float32]:
    return np.array([int(value, 16) for value in bits], np.uint32).view(np.float32)
