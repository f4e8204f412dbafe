"""``python -m pipeline.board``: a board by itself, real or emulated, without a test."""

from __future__ import annotations

from pipeline.interrupt import end_at_once

if __name__ == "__main__":
    end_at_once()  # until the command has begun: what follows takes a while

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pipeline.board_report import board_report
from pipeline.boards import BOARDS, board
from pipeline.console import console, guarded
from pipeline.emulators import EMULATORS, start_hearing
from pipeline.errors import DeviceError, UsageError
from pipeline.files import write_text
from pipeline.flashing import Bootloader, find_board, flash_swd, flash_usb, usb_ports
from pipeline.listening.own_microphone import record
from pipeline.listening.sources import recording
from pipeline.protocol.declared import BAUD

PATH = click.Path(path_type=Path)


@click.group()
def main() -> None:
    """Starts emulated boards, flashes real ones, and reports on those that fail."""


@main.command("start")
@click.argument("target")
@click.option("--image", type=PATH, metavar="FILE", help="Image to run. [default: the newest one built for TARGET]")
@click.option("--microphone", "sound", type=PATH, metavar="FILE", help="Recording that its microphone hears.")
def start_command(target: str, image: Path | None, sound: Path | None) -> None:
    """Keeps a board running, emulated, for `pio device monitor` and the like, until Ctrl-C.

    TARGET is a board that was built for before, as in: start nano33

    The recording begins whenever the board starts to listen: type `listen start%`.
    """
    with guarded(), TemporaryDirectory() as folder:
        chosen = board(target)
        if image is None:
            built = sorted(Path("out").glob(f"*/*_{target}.elf"), key=lambda path: path.stat().st_mtime)
            if not built:
                raise UsageError(f"nothing was built for {target} under out/", f"build it first: --target {target}")
            image = built[-1]
        if not image.is_file():
            raise UsageError(f"no image {image}", "name a firmware .elf")
        if sound is None:
            started = EMULATORS[chosen.emulator].start(chosen, image)
        else:
            raw = Path(folder) / "sound.raw"
            record(recording(sound), raw)
            started = start_hearing(chosen, image, raw, hurry=False)
        with started as machine:
            console.print(f"{image}\nserial port {machine.port}", highlight=False, markup=False)
            console.print(f"  pio device monitor --port {machine.port} --baud 115200\nCtrl-C stops it", highlight=False)
            try:
                while (failure := machine.failure()) is None:
                    time.sleep(0.2)
            except KeyboardInterrupt:
                console.print("stopped")
                return
            raise DeviceError(failure)


@main.command("flash")
@click.argument("image", type=PATH)
@click.option("--port", help="Serial port of the board, as /dev/ttyACM0.")
@click.option("--usb-serial", help="USB serial number of the board, wherever it is plugged in.")
@click.option("--probe", help="Unique ID of an SWD probe (`pyocd list`), or `any`.")
@click.option(
    "--target", type=click.Choice([name for name, row in BOARDS.items() if row.probe_chip]), default="nano33",
    show_default=True, help="What the probe is connected to.",
)  # fmt: skip
def flash_command(image: Path, port: str | None, usb_serial: str | None, probe: str | None, target: str) -> None:
    """Writes IMAGE (.elf; over USB a .bin will do) to a board."""
    with guarded():
        if probe is not None:
            if port or usb_serial:
                raise UsageError("--probe goes without --port and --usb-serial", "name one way to the board")
            flash_swd(image, str(board(target).probe_chip), probe=None if probe == "any" else probe)
            console.print("flashed")
            return
        found = find_board(usb_ports(), port=port, usb_serial=usb_serial)
        flash_usb(image, found)
        try:
            now = f"it is on {Bootloader().wait_for_program(found).device} now"
        except DeviceError:  # flashing itself went well
            now = "no USB serial port came back, as is right for an image whose serial port is on pins"
        console.print(f"flashed {found}; {now}", highlight=False, markup=False, soft_wrap=True)


@main.command("report")
@click.option("--port", help="Serial port of the board. [default: that of the only board on USB]")
@click.option("--usb-serial", help="USB serial number of the board, wherever it is plugged in.")
@click.option("--baud", type=click.IntRange(1200, 4_000_000), default=BAUD, show_default=True)
@click.option("--image", type=PATH, metavar="FILE", help="The .elf that should be on it.")
@click.option("--log", type=PATH, metavar="FILE", help="What the step that failed has printed.")
@click.option("--out", type=PATH, metavar="FILE", default=Path("board_report.txt"), show_default=True)
def report_command(
    port: str | None, usb_serial: str | None, baud: int, image: Path | None, log: Path | None, out: Path
) -> None:
    """Writes down what helps to see why a step with a real board fails: versions, doctor, ports, what the board
    answers, its build and its last fault. Changes nothing on the board.
    """
    with guarded():
        text = board_report(usb_ports(), port=port, usb_serial=usb_serial, baud=baud, image=image, log=log)
        write_text(out, text)
        console.print(f"{out}\nread it, say at its top what you did and saw, and attach it to an issue", markup=False)


if __name__ == "__main__":
    main()
