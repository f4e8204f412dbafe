"""TensorFlow Lite's flatbuffer schema, taken from an installed wheel without importing the wheel itself."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import ToolchainError

_PLACES = (("ai_edge_litert", "schema_py_generated.py"), ("tensorflow", "lite/python/schema_py_generated.py"))


@cache
def schema() -> Any:
    """The generated schema module. Loading it alone takes hundredths of a second; importing tensorflow takes seconds.

    Raises:
        ToolchainError: neither ai-edge-litert nor tensorflow is installed.
    """
    for package, relative in _PLACES:
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            path = Path(folder) / relative
            spec = importlib.util.spec_from_file_location("tflite_schema", path) if path.is_file() else None
            if spec is not None and spec.loader is not None:
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                return module
    raise ToolchainError("no TensorFlow Lite schema found", "pip install ai-edge-litert")
