"""The table of tuned thresholds, against figures worked out by hand."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from lab.seeds import seed_options
from lab.tuned import markdown
from pipeline.report.listening import FalseAccepts, Misses, Tuned


def tuned(bits: int, count: int, hours: float, missed: tuple[float, float], by_speaker: tuple[float, float]) -> Tuned:
    part = FalseAccepts("other words", 0.5, 9, 18.0, (8.2, 34.2), {}, {})
    whole = FalseAccepts("all", hours, count, count / hours, (0.0, 1.0), {}, {})
    misses = tuple(
        Misses(
            kind, 40, round(40 * rate), rate, (rate - 0.05, rate + 0.1), mean, {}, {"s": (round(40 * rate), 40)}, None
        )
        for kind, rate, mean in zip(("keywords", "keywords at 10 dB"), missed, by_speaker, strict=True)
    )
    return Tuned("spotter", bits, 0.5, {}, 4, 3.0, 1, 1.6, 0.1, (part, whole), misses, ())


def test_events_and_hours_are_summed_over_seeds_and_misses_averaged() -> None:
    twin = tuned(32, 0, 2.0, (0.05, 0.5), (0.05, 0.5))
    first = (twin, tuned(4, 3, 4.0, (0.10, 0.30), (0.05, 0.20)), tuned(2, 0, 4.0, (0.5, 0.5), (0.5, 0.5)))
    second = (twin, tuned(4, 1, 2.0, (0.20, 0.40), (0.08, 0.30)), tuned(2, 0, 2.0, (0.5, 0.5), (0.5, 0.5)))
    lines = markdown([first, second]).splitlines()
    assert lines[0].count("keywords / keywords at 10 dB") == 1
    # 4 events in 6 hours: 0.67; exact Poisson limits of 4 are 1.09 and 10.24 (Garwood), over 6
    assert lines[2].startswith("| float32 | 0.00 [0.00, 0.92], 0 in 4.0 h | 0.00 0.00 | 5.0 / 50.0 ")
    assert lines[3] == "| 4-bit | 0.67 [0.18, 1.71], 4 in 6.0 h | 0.75 0.50 | 15.0 / 35.0 | 6.5 / 25.0 |"
    # none in 6 hours: at most 3.69 / 6
    assert lines[4] == "| 2-bit | 0.00 [0.00, 0.61], 0 in 6.0 h | 0.00 0.00 | 50.0 / 50.0 | 50.0 / 50.0 |"
    assert lines[9] == "| 4-bit | 10.0 [5, 20]<br>20.0 [15, 30] | 30.0 [25, 40]<br>40.0 [35, 50] |"
    # the only speaker: 2 and 6 of 40 more in quiet, 8 and 4 fewer at 10 dB
    more, fewer = "+10.0 [+10.0, +10.0]", "-15.0 [-15.0, -15.0]"
    assert lines[14] == f"| 4-bit | {more}<br>of speakers {more} | {fewer}<br>of speakers {fewer} |"
    assert lines[15].startswith("| 2-bit | +45.0 [")


@pytest.mark.parametrize(("given", "found"), [("1,2,3", "(1, 2, 3)"), ("7", "(7,)"), ("1,x", None), ("", None)])
def test_seeds_are_numbers_with_commas_between_them(given: str, found: str | None) -> None:
    @click.command()
    @seed_options
    def show(seeds: tuple[int, ...], widths: tuple[int, ...]) -> None:
        click.echo(f"{seeds} {widths}")

    result = CliRunner().invoke(show, ["--seeds", given])
    if found is None:
        assert result.exit_code == 2
        assert "whole numbers" in result.output
    else:
        assert result.output == f"{found} (8, 4, 2)\n"
