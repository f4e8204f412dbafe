"""Reports of several runs in one folder: all there, listed on one page, and compared two by two."""

from __future__ import annotations

import dataclasses
import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.console import show_comparison
from pipeline.errors import UsageError
from pipeline.report import FIGURES, Report, read_report, write_report
from pipeline.report.data import SCHEMA
from pipeline.report.listening import Tuning
from tests.report.test_report import BESIDE_FLOAT, report, text_of  # noqa: F401


@pytest.fixture
def two(report: Report, tmp_path: Path) -> tuple[Path, Path]:  # noqa: F811
    """The pages of a run at 4 bits, and of one at 2 bits for this computer, which counts nothing."""
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "cut.json").write_text("{")
    last = dataclasses.replace(report.accuracy[-1], miss=0.25, model_bytes=12_288)
    other = dataclasses.replace(
        report, title="wake_words: 2 bits on host", accuracy=(*report.accuracy[:-1], last), listening=None
    )
    report = dataclasses.replace(report, tuning=Tuning((BESIDE_FLOAT,)))
    return write_report(report, tmp_path, "w_4bit_nano33")[1], write_report(other, tmp_path, "w_2bit_host")[1]


def test_figures_by_hand(two: tuple[Path, Path]) -> None:
    found = {figure.name: figure.text(figure.of(read_report(two[0]))) for figure in FIGURES}
    assert found == {
        "listening: false accepts per hour": "1.50",
        "listening: missed in quiet, %": "11.0",
        "listening: missed in quiet more than float32, points": "1.5",
        "missed, %": "12.5",
        "missed by speaker, %": "7.5",
        "false accepts, %": "1.5",
        "missed at 1 % false accepts, %": "17.5",
        "recognised, %": "93.1",
        "recognised by speaker, %": "90.0",
        "weights and parameters, KiB": "15.6",  # 16,000 bytes
        "flash, KiB": "40.0",  # 41,000
        "RAM, KiB": "14.2",  # 10,400 static and 4,096 of stack
        "share of the core, %": "3.8",  # 6.96 of 192 million instructions, and .4 million cycles of waits
        "a step of the network, instructions or cycles": "38,400",  # 1,920,000 in 50 steps
        "logits unlike the reference's": "0",
    }


def test_the_index_lists_every_report_of_the_folder(two: tuple[Path, Path], tmp_path: Path) -> None:
    page = (tmp_path / "index.html").read_text()
    assert re.findall(r'href="(.*?)"', page) == ["w_2bit_host.html", "w_4bit_nano33.html"]
    first = "1.50 11.0 1.5 12.5 7.5 1.5 17.5 93.1 90.0 15.6 40.0 14.2 3.8 38,400 0"
    assert f"w_4bit_nano33 wake_words: 4 bits on nano33 {first}" in text_of(page)
    assert "w_2bit_host wake_words: 2 bits on host 25.0 7.5 1.5 17.5 93.1 90.0 12.0 40.0 14.2 0" in text_of(page)


def test_two_reports_side_by_side(two: tuple[Path, Path]) -> None:
    console = Console(file=io.StringIO(), width=100)
    show_comparison(console, two[0], two[1].with_suffix(".json"))
    said = console.file.getvalue()
    assert re.search(r"missed, % +12\.5 +25\.0 +\+12\.5", said)
    assert re.search(r"weights and parameters, KiB +15\.6 +12\.0 +-3\.6", said)
    assert re.search(r"share of the core, % +3\.8 *\n", said)  # the other has none
    assert "different clips" not in said


def test_other_clips_are_told(two: tuple[Path, Path], tmp_path: Path) -> None:
    data = two[1].with_suffix(".json")
    data.write_text(data.read_text().replace("ab" * 8, "ba" * 8))
    console = Console(file=io.StringIO(), width=100)
    show_comparison(console, two[0], data)
    assert "different clips" in console.file.getvalue()


@pytest.mark.parametrize("text", [None, "{", "[]", '{"schema": "dynq-report-0"}', f'{{"schema": "{SCHEMA}"}}'])
def test_what_is_no_report(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=r"r\.json"):
        read_report(path)
