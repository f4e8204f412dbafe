from __future__ import annotations

import numpy as np
import pytest

from lab.baselines.device import Footprint
from lab.baselines.page import Costs, break_even, cost_table, page, rest_for, share_of_core

STEP_SECONDS = 0.06


def costs(macs: int, cycles: int) -> Costs:
    return Costs(14_000, 20_000, macs, Footprint(30_000, 3_000, cycles - 1_000, cycles, np.zeros((1, 4), np.uint8)))


def test_a_share_is_of_the_cycles_between_two_answers() -> None:
    # 64 MHz for 60 ms are 3,840,000 cycles
    assert share_of_core(384_000, STEP_SECONDS) == pytest.approx(0.1)
    assert share_of_core(64_000, 1.0) == pytest.approx(0.001)


def test_a_window_may_be_asked_so_much_less_often_as_it_costs_more() -> None:
    assert rest_for(600_000, 50_000, STEP_SECONDS) == pytest.approx(0.72)
    table = {"4-bit": costs(22_016, 50_000), "window": costs(410_000, 600_000), "stream": costs(22_016, 40_000)}
    assert break_even(table, "4-bit", STEP_SECONDS) == ["window: 0.72 s"]
    assert break_even({"4-bit": Costs(1, 1, 1, None)}, "4-bit", STEP_SECONDS) == []


def test_a_row_has_what_was_measured() -> None:
    lines = cost_table({"4-bit": costs(22_016, 384_000), "window": Costs(23_000, 47_000, 410_000, None)}, STEP_SECONDS)
    head, _, measured, rest = lines.splitlines()
    assert measured == "| 4-bit | 14,000 | 20,000 | 22,016 | 30,000 | 3,000 | 383,000 | 384,000 | 10.0 % |"
    assert rest == "| window | 23,000 | 47,000 | 410,000 |  |  |  |  |  |"
    assert head.endswith("| of a 64 MHz core at one every 60 ms |")
    assert len({line.count("|") for line in (head, measured, rest)}) == 1


def test_the_page_names_its_command_and_what_it_left_out() -> None:
    table = {"4-bit": costs(22_016, 50_000), "window": costs(410_000, 600_000)}
    text = page("python -m lab.baselines --seeds 1", 0, "| a |\n", table, "4-bit", STEP_SECONDS, "QEMU 7, GCC 12")
    assert "python -m lab.baselines --seeds 1\n" in text
    assert "left out of this run" in text
    assert "QEMU 7, GCC 12" in text
    assert "- window: 0.72 s\n" in text
    without = {"4-bit": Costs(1, 2, 3, None)}
    text = page("python -m lab.baselines", 10, "| a |\n", without, "4-bit", STEP_SECONDS, "")
    assert "for 10 epochs" in text
    assert "with `--tflm-root` only" in text
    assert "costs what our steps" not in text
