"""PlatformIO platform of this project: nothing is downloaded when the compiler and SCons are already here.

The compiler is `arm-none-eabi-gcc` (or the host's `gcc`) from PATH; without one, PlatformIO fetches its own package.
SCons is the one installed from PyPI, laid out as the package `tool-scons` that PlatformIO looks for.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

from platformio.dependencies import get_core_dependencies
from platformio.package.manager.core import get_core_package_dir
from platformio.public import PlatformBase

# a checkout; an installed package is on the path already
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from pipeline.cores import CORES

_TOOLCHAIN = "toolchain-gccarmnoneeabi"


def _provide_scons(packages: Path) -> None:
    if get_core_package_dir("tool-scons", auto_install=False):
        return
    scons = importlib.util.find_spec("SCons")
    if scons is None or scons.origin is None:
        return  # PlatformIO fetches its own
    version = get_core_dependencies()["tool-scons"].lstrip("~^=")
    target = packages / "tool-scons"
    partial = packages / f"tool-scons.{os.getpid()}"
    shutil.copytree(
        Path(scons.origin).parent, partial / "SCons", ignore=shutil.ignore_patterns("__pycache__", "docbook")
    )
    origin = {"owner": "platformio", "id": None, "name": "tool-scons", "requirements": None, "uri": None}
    (partial / "package.json").write_text(
        json.dumps({"name": "tool-scons", "version": version, "description": "SCons from PyPI"})
    )
    (partial / ".piopm").write_text(
        json.dumps({"type": "tool", "name": "tool-scons", "version": version, "spec": origin})
    )
    (partial / "scons.py").write_text("import sys\nimport SCons.Script\nsys.exit(SCons.Script.main())\n")
    try:
        partial.rename(target)
    except OSError:  # another build was first
        shutil.rmtree(partial, ignore_errors=True)


class BaremetalPlatform(PlatformBase):
    def configure_default_packages(self, options, targets):  # type: ignore[no-untyped-def]
        core = CORES[self.board_config(options["board"]).get("build.cpu")]
        if core.is_host or shutil.which(f"{core.toolchain}gcc"):
            self.packages.pop(_TOOLCHAIN, None)
        else:
            self.packages[_TOOLCHAIN]["optional"] = False
        _provide_scons(Path(self.pm.package_dir))
        return super().configure_default_packages(options, targets)
