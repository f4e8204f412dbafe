"""The pytest plugin: options that name model and board, and the fixtures `model`, `clips`, `board` and `result`.

Every environment with this package loads it into every run of pytest, so what is heavy is imported when a fixture is
asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import KwsError

if TYPE_CHECKING:
    from pipeline.device import Device, DeviceResult
    from pipeline.layers import QuantizedModel
    from pipeline.testing.clips import Clips
    from pipeline.workflow.models import ModelFile

ALL = "all"
"""In place of a target: every board's emulator."""
_TARGET = "dynq_target"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dynq", "a keyword spotter on its board")
    parser.addini("dynq_targets", "targets of on-device tests where no --target is given", "args", ["qemu"])
    group.addoption(
        "--target", action="append", metavar="TARGET", help=f"board of on-device tests, or `{ALL}`; repeatable"
    )
    group.addoption("--port", metavar="PORT", help="serial port of a real board, instead of the target's emulator")
    group.addoption("--usb-serial", metavar="ID", help="the same by USB serial number, wherever it is plugged in")
    group.addoption("--probe", metavar="ID", help="debug probe that flashes the board at --port")
    group.addoption("--flash", action="store_true", help="write the model's image to the real board first")
    group.addoption("--model", type=Path, metavar="FILE", help=".tflite to test [default: the one that dynq brings]")
    group.addoption("--data", type=Path, metavar="DIR", help="recordings, a folder per word [default: made-up sound]")
    group.addoption("--clips", type=int, default=40, metavar="N", help="clips of --data that a board is tested with")


def pytest_configure(config: pytest.Config) -> None:
    named = config.getoption("target") or ()
    if named:
        from pipeline.boards import board

        try:
            for target in set(named) - {ALL}:
                board(target)
        except KwsError as error:
            raise pytest.UsageError(str(error)) from None
    if (len(named) != 1 or ALL in named) and (config.getoption("port") or config.getoption("usb_serial")):
        raise pytest.UsageError("--port and --usb-serial name one board: name its --target")
    if config.getoption("clips") < 1:
        raise pytest.UsageError("--clips is 1 or more")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if _TARGET in metafunc.fixturenames:
        from pipeline.boards import BOARDS

        named: list[str] = metafunc.config.getoption("target") or metafunc.config.getini("dynq_targets")
        targets = list(BOARDS) if ALL in named else list(dict.fromkeys(named))
        metafunc.parametrize(_TARGET, targets, scope="session")


@contextmanager
def _told() -> Iterator[None]:
    """What a user can mend is told without a traceback."""
    try:
        yield
    except KwsError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture(scope="session")
def _model_file(pytestconfig: pytest.Config) -> ModelFile:
    from pipeline.project import PROJECT
    from pipeline.workflow.models import ModelFile

    with _told():
        return ModelFile.read(pytestconfig.getoption("model") or PROJECT / "models" / "wake_words_4bit.tflite")


@pytest.fixture(scope="session")
def model(_model_file: ModelFile) -> QuantizedModel:
    """The model under test, as the reference runs it."""
    return _model_file.model


@pytest.fixture(scope="session")
def clips(model: QuantizedModel, pytestconfig: pytest.Config) -> Clips:
    """What the board is tested with, and the reference's logits of it."""
    from pipeline.testing.clips import made_up, recorded

    folder = pytestconfig.getoption("data")
    with _told():
        return made_up(model) if folder is None else recorded(model, folder, pytestconfig.getoption("clips"))


@pytest.fixture(scope="session")
def board(
    dynq_target: str,
    _model_file: ModelFile,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    record_testsuite_property: Callable[[str, object], None],
) -> Iterator[Device]:
    """The board with the model's image on it: real, or emulated and started. One for all tests."""
    from pipeline.flashing.desk import opened
    from pipeline.options import BoardOptions
    from pipeline.stages import Stages

    names = ("port", "usb_serial", "probe", "flash")
    with ExitStack() as stack:
        with _told():
            aim = BoardOptions(dynq_target, **{name: pytestconfig.getoption(name) for name in names}).aim()
            aim.check()
            image = aim.image(_model_file, Stages(tmp_path_factory.mktemp("image")))
            device = stack.enter_context(opened(aim.boards[0], image, flash=aim.flash))
        record_testsuite_property(f"build of {dynq_target}", device.build.build)
        yield device


@pytest.fixture(scope="session")
def result(board: Device, model: QuantizedModel, clips: Clips) -> DeviceResult:
    """What the board answered to all clips, and what it took."""
    from pipeline.device import run_test

    with _told():
        return run_test(board, model, clips.features)
