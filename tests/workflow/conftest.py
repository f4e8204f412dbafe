"""A tiny corpus of whistles instead of words, and a recipe that trains on it in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.whistles import RECIPE, record_whistles


@pytest.fixture(scope="session")
def whistles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of 3 words x 30 clips of 10 speakers, and noise."""
    root = tmp_path_factory.mktemp("whistles")
    record_whistles(root)
    return root


@pytest.fixture(scope="session")
def whistle_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "whistles.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output and cache folder that the runs of this session share."""
    return tmp_path_factory.mktemp("workplace")
