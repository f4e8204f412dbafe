"""docs/recipes.md tells every key, as the classes that check recipes have it."""

from __future__ import annotations

from pipeline.project import PROJECT
from tools import recipe_page


def test_the_page_is_current():
    assert (PROJECT / recipe_page.PAGE).read_text("utf-8") == recipe_page.page(), "run python -m tools.recipe_page"


def test_it_tells_types_ranges_and_defaults():
    page = recipe_page.page()
    for row in (
        "| `keywords` | list of text at least 1, at most 4,094 | *needed* |  |",
        "| `seed` | whole number from 0, below 2,147,483,648 | `1` |  |",
        "| `unknown_ratio` | number above 0 |  | unknown clips per clip of one keyword; absent: all |",
        "| `hidden` | list of whole number from 1, to 4,096 | `[128, 128, 128]` |  |",
        "| `snr_db` | 2 times number | `[0.0, 30.0]` | lowest and highest |",
    ):
        assert row in page, row
    assert '## [model], `kind = "temporal"`' in page
    assert "### blocks" in page
    assert "## [teacher]" in page
    assert page.count("| `stem_rows` |") == 1, "of two sections with the same keys the second refers to the first"
