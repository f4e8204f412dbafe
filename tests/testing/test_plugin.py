"""The pytest plugin as a user has it: in another folder, with a model and a test file of theirs."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from pipeline.device import open_device
from pipeline.export import write_tflite
from pipeline.flashing.hardware_map import MappedBoard
from pipeline.project import PROJECT
from pipeline.stages import Stages
from pipeline.workflow.device import Aim
from pipeline.workflow.models import ModelFile
from tests.export.library.builds import listening_model

for _name in ("pipeline.listening.host", "pipeline.options", "pipeline.testing.checks", "pipeline.testing.clips"):
    importlib.import_module(_name)  # a run inside of this one forgets what it imports; native modules come only once

Run = Callable[..., tuple[int, str, Element]]
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "MODEL.tflite"
    write_tflite(listening_model(4), path)
    return path


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in a folder that is not the project's: exit status, output and JUnit report."""
    monkeypatch.chdir(pytester.path)

    def run(*arguments: str | Path) -> tuple[int, str, Element]:
        report = pytester.path / "junit.xml"
        done = pytester.runpytest_inprocess("-p", "pipeline.testing.plugin", "-ra", f"--junitxml={report}", *arguments)
        found = ElementTree.parse(report).getroot() if report.is_file() else Element("none")
        return int(done.ret), "\n".join([*done.outlines, *done.errlines]), found

    return run


def test_the_document_s_example_runs_where_it_stands(run: Run, pytester: pytest.Pytester) -> None:
    (example,) = EXAMPLE.findall((PROJECT / "docs" / "on_device_tests.md").read_text("utf-8"))
    (pytester.path / "test_doorbell.py").write_text(example)
    (pytester.path / "test_limits.py").write_text(
        "from pipeline.testing.checks import assert_latency, assert_memory\n"
        "def test_time(board, model):\n    assert_latency(board, model, microseconds=0.001)\n"
        "def test_size(board):\n    assert_memory(board, flash=1000)\n"
    )
    status, output, report = run("--target", "host", "--model", PROJECT / "models" / "wake_words_4bit.tflite")
    outcomes = {case.get("name"): [kind.tag for kind in case] for case in report.iter("testcase")}
    assert status == 1, output
    assert outcomes == {
        "test_it_recognises_what_we_recorded[host]": ["skipped"],
        "test_it_leaves_room_for_the_rest_of_our_firmware[host]": ["skipped"],  # no limit in microseconds
        "test_silence_is_no_keyword[host]": [],
        "test_it_has_not_crashed[host]": [],
        "test_time[host]": ["failure"],
        "test_size[host]": ["failure"],
    }
    assert "microseconds, at most 0.0 wanted" in output
    assert "bytes of flash, at most 1,000 wanted" in output


def test_the_ready_suite_takes_a_real_board_s_port(model: Path, tmp_path: Path, run: Run) -> None:
    """A port is all that it knows of a board; this one leads to a Linux program."""
    file = ModelFile.read(model)
    image = Aim((MappedBoard(name="b", target="host", emulated=True),)).image(file, Stages(tmp_path / "image"))
    suite = PROJECT / "tests" / "on_device" / "test_board.py"
    with open_device("host", image) as device:
        assert device.machine is not None
        device.client.link.close()
        port = device.machine.port
        status, output, report = run(suite, "--target", "host", "--port", port, "--model", model)
    assert status == 0, output
    properties = {entry.get("name"): entry.get("value") for entry in report.iter("property")}
    assert properties["build of host"] == image.build_hash
    assert int(properties["bytes of flash"] or 0) == image.flash_bytes


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--target", "nano34"), "no target nano34"),
        (("--target", "qemu", "--target", "host", "--port", "/dev/ttyX"), "name one board"),
        (("--target", "nano33", "--port", "/dev/ttyACM-none"), "there is no port /dev/ttyACM-none"),
        (("--target", "nano33", "--flash"), "--flash needs to know the board"),
        (("--target", "host", "--model", "none.tflite"), "none.tflite"),
        (("--target", "host", "--data", "nowhere"), "no data folder nowhere"),
        (("--target", "host", "--clips", "0", "--data", "nowhere"), "--clips is 1 or more"),
    ],
)
def test_what_a_user_can_mend_is_told_without_a_traceback(
    model: Path, run: Run, pytester: pytest.Pytester, options: tuple[str, ...], told: str
) -> None:
    (pytester.path / "test_it.py").write_text("def test_it(clips, board):\n    assert board\n")
    status, output, _ = run(*([] if "--model" in options else ["--model", model]), *options)
    assert status != 0
    assert told in output
    assert "Traceback" not in output
    assert "plugin.py" not in output
    assert "another exception" not in output
