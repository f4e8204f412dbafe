"""Stands in for PlatformIO's platform nordicnrf52, which is not fetched for tests."""

import os
import runpy
from pathlib import Path

from platformio.public import PlatformBase


class Nordicnrf52Platform(PlatformBase):
    def configure_default_packages(self, options, targets):
        runpy.run_path(os.environ["OWN_PLATFORM"])["_provide_scons"](Path(self.pm.package_dir))
        return super().configure_default_packages(options, targets)
