"""From recorded speech to a keyword spotter on a Cortex-M board. Start with ``python -m pipeline.build --help``.

``import pipeline`` gives what a notebook needs (``pipeline/api.py``, docs/python.md), loaded when it is first used.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # imported, it would take the time in which Ctrl-C is still a traceback
if TYPE_CHECKING:
    # ruff: noqa: F403, F405 (the names are listed below, once)
    from pipeline.api import *

__version__ = "0.1.0"
__all__ = [
    "Data",
    "Event",
    "KwsError",
    "QuantizedModel",
    "__version__",
    "export_c",
    "export_library",
    "listen_to",
    "load_data",
    "quantize_model",
    "read_model",
    "run_reference",
    "train_model",
    "write_model",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        found: object = getattr(importlib.import_module(".api", __name__), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
