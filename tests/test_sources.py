"""What a stage's code is: an edit anywhere it matters changes its version, an edit elsewhere does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline import sources
from pipeline.project import PROJECT
from pipeline.sources import code_version

STAGES = {
    "corpus": "pipeline.corpus.load",
    "features": "pipeline.training.dataset",
    "train": "pipeline.workflow.training",
    "quantize": "pipeline.workflow.quantize",
    "reference": "pipeline.workflow.reference",
    "image": "pipeline.workflow.image",
    "device": "pipeline.workflow.device",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of the sources to edit."""
    root = tmp_path_factory.mktemp("tree")
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("pipeline", "firmware"):
        shutil.copytree(PROJECT / name, root / name, ignore=ignore)
    shutil.copy(PROJECT / "platformio.ini", root)
    return root


def versions(root: Path) -> dict[str, str]:
    return {name: code_version.__wrapped__(module, root, root) for name, module in STAGES.items()}


@pytest.fixture(scope="module")
def unedited(tree) -> dict[str, str]:
    return versions(tree)


@pytest.mark.parametrize(
    ("edited", "again"),
    [
        ("firmware/lib/frontend/frontend_fft.c", "features train quantize image device"),
        ("firmware/lib/dynq/dynq_network.c", "image device"),
        ("firmware/app/main.c", "image device"),
        ("firmware/platform/builder/main.py", "image device"),
        ("platformio.ini", "image device"),
        ("pipeline/_native/frontend_rows.c", "features train quantize"),
        ("pipeline/frontend/tables.py", "features train quantize image device"),
        ("pipeline/corpus/room.py", "corpus"),
        ("pipeline/corpus/espeak_worker.py", "corpus"),
        ("pipeline/training/dataset.py", "features train"),
        ("pipeline/training/augmentation.py", "train"),
        ("pipeline/training/convert.py", "train quantize"),
        ("pipeline/export/tflite.py", "quantize image device"),
        ("pipeline/export/reference_graph.py", "quantize"),
        ("pipeline/export/clip_graph.py", "quantize"),
        ("pipeline/export/float_graph.py", ""),
        ("pipeline/export/c_arrays.py", "image device"),
        ("pipeline/firmware.py", "image device"),
        ("pipeline/boards.py", "image device"),
        ("pipeline/device/client.py", "image device"),
        ("pipeline/emulators/nrf52840/count.c", "image device"),
        ("pipeline/emulators/nrf52840/count.h", "image device"),
        ("pipeline/emulators/nrf52840/peripherals.py", "image device"),
        ("pipeline/flashing/desk.py", "device"),
        ("pipeline/stages.py", "corpus features train quantize reference image device"),
        ("pipeline/config.py", "corpus features train quantize reference image device"),
        ("pipeline/export/mlperf.py", ""),
        ("pipeline/report/render.py", ""),
        ("pipeline/console/summary.py", ""),
        ("pipeline/doctor.py", ""),
        ("pipeline/workflow/reporting.py", ""),
    ],
)
def test_an_edit_runs_the_stages_that_it_matters_to(tree, unedited, edited, again):
    path = tree / edited
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    try:
        after = versions(tree)
    finally:
        path.write_bytes(content)
    assert {name for name in STAGES if unedited[name] != after[name]} == set(again.split())


def test_foreign_packages_count_by_version(tree, unedited, monkeypatch):
    installed = sources.importlib.metadata.version
    monkeypatch.setattr(
        sources.importlib.metadata, "version", lambda name: "99" if name == "tensorflow" else installed(name)
    )
    after = versions(tree)
    assert {name for name in STAGES if unedited[name] != after[name]} == {"train", "quantize"}


def test_installed_beside_other_packages_only_the_project_is_read(tmp_path):
    for name in ("top", "foreign"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("import foreign\n")
    before = code_version.__wrapped__("top", tmp_path, tmp_path)
    (tmp_path / "foreign" / "__init__.py").write_text("edited = True\n")
    assert code_version.__wrapped__("top", tmp_path, tmp_path) == before


def test_an_unknown_module_is_refused(tree):
    with pytest.raises(ModuleNotFoundError, match=r"no module pipeline\.absent"):
        code_version("pipeline.absent", tree, tree)


@pytest.mark.parametrize(
    ("source", "reached"),
    [
        ("import pkg.other\n", {"pkg/__init__.py", "pkg/other.py"}),
        ("def f():\n    from pkg.other import x\n", {"pkg/__init__.py", "pkg/other.py"}),
        ("from pkg import other\n", {"pkg/__init__.py", "pkg/other.py"}),
        ("from pkg import thing\n", {"pkg/__init__.py", "pkg/third.py"}),
        ("from pkg import CONSTANT\n", {"pkg/__init__.py", "pkg/third.py"}),
        ("from . import sibling\n", {"sibling.py"}),
        ("from .sibling import y\n", {"sibling.py"}),
        ("name = 'data.txt'\n", {"data.txt"}),
        ("name = 'beside.c'\n", {"beside.c", "beside.h"}),
        ("command = ['-m', 'pkg.run']\n", {"pkg/__init__.py", "pkg/run/__init__.py", "pkg/run/__main__.py"}),
        ("COMPILES = ('c',)\n", {"c/a.c", "c/b.h"}),
        ("import json, numpy\n", set()),
        ("if TYPE_CHECKING:\n    import pkg.other\nelse:\n    import pkg.third\n", {"pkg/__init__.py", "pkg/third.py"}),
    ],
)
def test_what_is_reached(tmp_path, source, reached):
    package = tmp_path / "top"
    files = {
        "__init__.py": "",
        "main.py": source.replace("pkg", "top.pkg"),
        "sibling.py": "y = 1\n",
        "data.txt": "data",
        "beside.c": "",
        "beside.h": "",
        "pkg/__init__.py": "from top.pkg.third import thing\nCONSTANT = 1\n",
        "pkg/other.py": "x = 1\n",
        "pkg/third.py": "thing = 1\n",
        "pkg/run/__init__.py": "",
        "pkg/run/__main__.py": "",
        "c/a.c": "",
        "c/b.h": "",
    }
    for name, text in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def version() -> str:
        return code_version.__wrapped__("top.main", tmp_path, package)

    before = version()
    found = set()
    for name in files:
        path = package / name
        text = path.read_text()
        path.write_text(text + "\n")
        if version() != before:
            found.add(name)
        path.write_text(text)
    assert found == {"__init__.py", "main.py"} | reached
