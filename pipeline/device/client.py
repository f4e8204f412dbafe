"""Requests over a link. Whatever is returned was proved: by checksums of input, build and line."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from pipeline.cores import ARM_TOOLCHAIN
from pipeline.device.link import Link, LinkClosed, NoAnswer
from pipeline.errors import DeviceError
from pipeline.protocol.answers import Answer, Damaged, read_answer
from pipeline.protocol.declared import (
    BuildInfo,
    Inference,
    InferenceTicks,
    InputCheck,
    LayerCheck,
    LayerTicks,
    LayerValues,
    MemoryUse,
)
from pipeline.protocol.frames import FRAME_START, encode_frame
from pipeline.protocol.registry import registry

RESTART_ATTEMPTS = 4
"""Times that a device may restart at one command."""
ATTEMPTS = 24
"""Times that a command is sent before a link that damages what it carries is given up."""
SILENT_ATTEMPTS = 5
"""The same for a device of which nothing at all is heard: more patience would only cost time."""

Prove = Callable[[Answer], None]
"""Raises :class:`Damaged` for an answer that is well-formed, but not to what was asked."""


class Refused(DeviceError):
    """The device answered with an error line of its own."""


def _anything(answer: Answer) -> None:
    pass


class Client:
    """A device at the other end of a link.

    Every request is repeated, after resynchronising, until its answer is whole; a port that went away is waited for.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.retries = 0
        self.restarts = 0
        self._build: BuildInfo | None = None
        self._booted = registry().lines["InitDone"].text
        self._noise = tuple(error.line.pieces[0] for error in registry().errors if error.damage)

    def command(self, identifier: str, *numbers: int, prove: Prove = _anything, seconds: float | None = None) -> Answer:
        """Asks a text command of the registry.

        Args:
            prove: raises :class:`Damaged` for an answer to something else.
            seconds: that the answer may take, if not as long as any other.

        Raises:
            Refused: the device gave the same error twice in a row, and not one that a damaged command gets.
            DeviceError: no whole answer in ``ATTEMPTS`` attempts, or nothing heard in ``SILENT_ATTEMPTS``.
        """
        entry = registry().command(identifier)
        text = " ".join([entry.syntax, *map(str, numbers)]) + "%"
        return self._ask(text.encode("ascii"), entry.answers, prove, seconds)

    def frame(self, identifier: str, data: bytes, *, prove: Prove = _anything) -> Answer:
        """Sends a frame of the registry; otherwise as :meth:`command`."""
        entry = registry().frame(identifier)
        return self._ask(encode_frame(entry.kind, data), entry.answers, prove)

    def build(self) -> BuildInfo:
        """What the device is."""
        self._build = self.command("BUILD").one(BuildInfo)
        return self._build

    def load(self, features: NDArray[np.int8]) -> None:
        """Loads int8 ``[K]`` in one frame, which carries its own CRC-32, and proves it by ``crc%``."""
        data = features.tobytes()
        for _ in range(ATTEMPTS):
            self.frame("LOAD", data)
            if self.command("CRC").one(InputCheck) == InputCheck(zlib.crc32(data), len(data)):
                return
            self.retries += 1
        raise DeviceError(f"could not load the input in {ATTEMPTS} attempts", "check cable and ground")

    def logits(self, features: NDArray[np.int8]) -> Inference:
        """One inference of the input loaded before, which must be ``features``: the answer proves it."""
        return self.command("LOGITS", prove=self._is_of(features)).one(Inference)

    def run(self, features: NDArray[np.int8]) -> Inference:
        """Loads int8 ``[K]`` and runs one inference, in one exchange."""
        return self.frame("RUN", features.tobytes(), prove=self._is_of(features)).one(Inference)

    def _is_of(self, features: NDArray[np.int8]) -> Prove:
        def prove(answer: Answer) -> None:
            build, found = self._build or self.build(), answer.one(Inference)
            if found.build_crc != zlib.crc32(build.build.encode()):
                raise DeviceError(f"{self.link.url} changed its firmware during the test", "flash it again and rerun")
            if found.input_crc != zlib.crc32(features.tobytes()) or len(found.logits) != build.labels:
                raise Damaged("result of another input")

        return prove

    def layers(self) -> tuple[LayerTicks, ...]:
        """The layers of the last inference."""

        def prove(answer: Answer) -> None:
            found = [layer.index for layer in answer.all(LayerTicks)]
            if found != list(range(answer.one(InferenceTicks).layers)):
                raise Damaged("layers are missing")

        return self.command("LAYERS", prove=prove).all(LayerTicks)

    def memory(self) -> MemoryUse:
        """RAM in use."""
        return self.command("MEMORY").one(MemoryUse)

    def dump(self, layer: int, features: NDArray[np.int8]) -> NDArray[np.float32]:
        """Outputs float32 of one layer for the input loaded before, which must be ``features``."""

        def values(answer: Answer) -> NDArray[np.float32]:
            return np.concatenate([piece.values for piece in answer.all(LayerValues)] or [np.empty(0, np.float32)])

        def prove(answer: Answer) -> None:
            data = values(answer).tobytes()
            if answer.one(LayerCheck) != LayerCheck(
                layer, len(data) // 4, zlib.crc32(features.tobytes()), zlib.crc32(data)
            ):
                raise Damaged("values are missing, or of another input")

        return values(self.command("DUMP", layer, prove=prove))

    def _ask(self, data: bytes, answers: tuple[str, ...], prove: Prove, seconds: float | None = None) -> Answer:
        """Sends ``data`` until its answer is as declared, and proved."""
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
                if self._booted in lines:
                    self.restarts += 1
                    raise Damaged("the device restarted")
                errors = [line for line in lines if line.startswith("e-[")]
                if not errors:
                    answer = read_answer(answers, lines)
                    prove(answer)
                    return answer
                if errors[0] == problem and not errors[0].startswith(self._noise):
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
            except Damaged as error:
                problem = f"damaged answer: {error}"
            if self.restarts - restarts == RESTART_ATTEMPTS:
                break
        if self.restarts - restarts == RESTART_ATTEMPTS:
            asked = "an inference" if data.startswith(FRAME_START) else data.decode("latin-1")
            raise DeviceError(
                f"the device restarts at {asked} every time; its last fault: {self._fault_line()}",
                f"{ARM_TOOLCHAIN}addr2line -e firmware.elf turns its pc into a line of source",
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
