"""Runtimes that others wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.workflow.litert import run_in_litert
from tests.tflm.wheel import run_in_wheel, wheel_operator

__all__ = ["wheel_operator"]


@pytest.fixture(params=["litert", "tflm"])
def run(request: pytest.FixtureRequest, tmp_path: Path):
    """A function that runs a model file on features in one of the runtimes."""
    if request.param == "litert":
        return run_in_litert
    return lambda model, features: run_in_wheel(None, model, features, tmp_path)
