"""Which boards are on this machine's desk: a TOML file, and one test over all of them at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.boards import BOARDS
from pipeline.errors import KwsError, UsageError
from pipeline.flashing.ports import PortLister, find_board, usb_ports

T = TypeVar("T")


class MappedBoard(BaseModel):
    """One board.

    Attributes:
        name: for the report; unique.
        target: what its image is built for.
        port: serial port, as a path or pyserial URL.
        usb_serial: USB serial number of the port, found wherever it is plugged in.
        probe: unique ID of the debug probe that flashes it; without one it is flashed over USB.
        baud: of the serial port.
        emulated: no board at all, but the target's emulator: for trying a map out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    target: str = "nano33"
    port: str | None = None
    usb_serial: str | None = None
    probe: str | None = None
    baud: int = Field(115_200, ge=1200, le=4_000_000)
    emulated: bool = False

    @model_validator(mode="after")
    def _one_way_in(self) -> MappedBoard:
        if self.target not in BOARDS:
            raise ValueError(f"target {self.target} is none of {', '.join(BOARDS)}")
        if sum((self.port is not None, self.usb_serial is not None, self.emulated)) != 1:
            raise ValueError("a board has exactly one of port, usb_serial, emulated = true")
        return self

    def serial_port(self, ports: PortLister = usb_ports) -> str | None:
        """What to open now; None for the emulator.

        Raises:
            DeviceError: the USB serial number is not plugged in.
        """
        if self.usb_serial is None:
            return self.port
        return find_board(ports(), usb_serial=self.usb_serial).device


class _Map(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    board: tuple[MappedBoard, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> _Map:
        for what in ("name", "port", "usb_serial"):
            values = [value for board in self.board if (value := getattr(board, what)) is not None]
            if len(set(values)) != len(values):
                raise ValueError(f"two boards have the same {what}")
        return self


def load_hardware_map(path: Path) -> tuple[MappedBoard, ...]:
    """Reads ``[[board]]`` tables.

    Raises:
        UsageError: no such file, not TOML, an unknown key (with the nearest known one) or a bad value.
    """
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"no hardware map {path}", "docs/nano33.md shows one") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} is not a readable TOML file: {error}", "docs/nano33.md shows one") from None
    try:
        return _Map.model_validate(data).board
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "map"
        known = list(MappedBoard.model_fields) if len(first["loc"]) > 1 else ["board"]
        near = difflib.get_close_matches(str(first["loc"][-1]) if first["loc"] else "", known, n=1)
        if first["type"] == "extra_forbidden":
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
            raise UsageError(f"{path}: unknown key {where}", hint) from None
        raise UsageError(f"{path}: {where}: {first['msg']}", "docs/nano33.md shows a hardware map") from None


@dataclass(frozen=True)
class BoardOutcome(Generic[T]):
    """What came of one board: a result, or the error that stopped it."""

    board: MappedBoard
    result: T | None
    error: KwsError | None


def on_all(boards: Sequence[MappedBoard], work: Callable[[MappedBoard], T]) -> tuple[BoardOutcome[T], ...]:
    """Does ``work`` on all boards at once, one thread each. A board that fails does not stop the others."""

    def one(board: MappedBoard) -> BoardOutcome[T]:
        try:
            return BoardOutcome(board, work(board), None)
        except KwsError as error:
            return BoardOutcome(board, None, error)

    with ThreadPoolExecutor(max_workers=max(1, len(boards)), thread_name_prefix="board") as pool:
        return tuple(pool.map(one, boards))
