"""``python -m pipeline.device.flashing``: writes an image to a real board."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.console import console, guarded
from pipeline.device.flashing.bootloader import Bootloader
from pipeline.device.flashing.ports import find_board, usb_ports
from pipeline.device.flashing.tools import flash_swd, flash_usb
from pipeline.errors import UsageError


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--port", help="Serial port of the board, as /dev/ttyACM0.")
@click.option("--usb-serial", help="USB serial number of the board, wherever it is plugged in.")
@click.option("--probe", help="Unique ID of an SWD probe (`pyocd list`), or `any`.")
@guarded()
def main(image: Path, port: str | None, usb_serial: str | None, probe: str | None) -> None:
    """Writes IMAGE (.elf; over USB a .bin will do) to an nRF52840 board."""
    if probe is not None:
        if port or usb_serial:
            raise UsageError("--probe goes without --port and --usb-serial", "name one way to the board")
        flash_swd(image, probe=None if probe == "any" else probe)
        console.print("flashed")
        return
    board = find_board(usb_ports(), port=port, usb_serial=usb_serial)
    flash_usb(image, board)
    console.print(f"flashed {board}; it is on {Bootloader().wait_for_program(board).device} now")


if __name__ == "__main__":
    main()
