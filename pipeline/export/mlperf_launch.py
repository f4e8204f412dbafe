"""Starts the MLPerf Tiny runner, as it is, on a serial port that it would not find by itself.

The runner looks for boards among USB serial ports by their ids, and opens no sockets. `dynq runner` writes this program
beside the data set, device list and scripts that it hands to the runner; it needs no other part of dynq.
"""

from __future__ import annotations

import argparse
import importlib.util
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REQUIREMENTS = {
    "numpy": "numpy", "serial": "pyserial", "yaml": "pyyaml", "sklearn": "scikit-learn", "matplotlib": "matplotlib",
    "usb": "pyusb",
}  # fmt: skip
"""What the runner imports, and the packages that bring it."""

BANNER_SECONDS = 2.0
"""Without a byte, after which a board has booted."""

SCRIPTS = {"accuracy": ("a", "tests_accuracy.yaml"), "performance": ("p", "tests_performance.yaml")}


def main(arguments: Sequence[str] | None = None) -> None:
    """Registers the port, then becomes the runner."""
    parser = argparse.ArgumentParser(prog="launch.py", description=__doc__)
    parser.add_argument("runner", type=Path, help="benchmark/runner of a checkout of mlcommons/tiny")
    parser.add_argument("port", help="serial port of a board, or socket://HOST:PORT")
    parser.add_argument("mode", choices=tuple(SCRIPTS))
    chosen = parser.parse_args(arguments)
    program = chosen.runner.resolve() / "main.py"
    if not program.is_file():
        parser.error(f"no {program}: name the folder benchmark/runner of a checkout of mlcommons/tiny")
    missing = [package for module, package in REQUIREMENTS.items() if importlib.util.find_spec(module) is None]
    if missing:
        parser.error(f"the runner needs packages that are not installed: pip install {' '.join(missing)}")
    here = Path(__file__).resolve().parent
    register(chosen.port, here / "devices.yaml")
    mode, script = SCRIPTS[chosen.mode]
    sys.path.insert(0, str(program.parent))
    sys.argv = [str(program), "--mode", mode, "--dataset_path", str(here / "datasets")]
    sys.argv += ["--device_list", str(here / "devices.yaml"), "--test_script", str(here / script)]
    runpy.run_path(str(program), run_name="__main__")


def register(port: str, device_list: Path) -> None:
    """Makes pyserial list one port, with the USB ids of the first device of a list, and open it if it is a socket.

    Opening may start a board. The runner takes any ``m-ready`` for the end of the answer that it waits for, the one of
    a banner too: what comes by itself is read before the runner gets the port.
    """
    import serial
    import yaml
    from serial.tools import list_ports
    from serial.tools.list_ports_common import ListPortInfo

    entry = ListPortInfo(port)
    ((entry.vid, entry.pid),) = yaml.safe_load(device_list.read_text("utf-8"))[0]["usb"].items()
    plain: Any = serial.Serial

    def opened(name: str, *rest: Any, **settings: Any) -> Any:
        link = (serial.serial_for_url if "://" in name else plain)(name, *rest, **settings)
        patience, link.timeout = link.timeout, BANNER_SECONDS
        while link.read(1):
            pass
        link.timeout = patience
        return link

    list_ports.comports = lambda include_links=False: [entry]
    serial.Serial = opened


if __name__ == "__main__":
    main()
