"""Stands for bossac: sends the image through the port to the scripted bootloader and waits for its verdict."""

import os
import sys
from pathlib import Path

folder, *arguments = sys.argv[1:]
assert arguments[0] == "--port"
assert arguments[2:6] == ["--write", "--erase", "-U", "--reset"], arguments
image = Path(arguments[6]).read_bytes()
port = os.open(os.path.join(folder, arguments[1]), os.O_RDWR | os.O_NOCTTY)
os.write(port, b"W%08x" % len(image) + image)
verdict = os.read(port, 64)
print(verdict.decode())
sys.exit(0 if verdict == b"OK" else 1)
