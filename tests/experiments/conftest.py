"""The whistles of the workflow's tests, and a network for them that trains in an instant."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.whistles import RECIPE
from tests.workflow.conftest import whistles

__all__ = ["small_recipe", "whistles"]


@pytest.fixture(scope="session")
def small_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "small.toml"
    path.write_text(RECIPE.replace('"whistles"', '"small"').replace("[12]", "[4]").replace("epochs = 4", "epochs = 2"))
    return path
