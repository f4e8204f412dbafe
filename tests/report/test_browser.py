"""The page in a browser, where one is installed: nothing sticks out, on a desk or a phone, by day or night."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.report import write_report
from pipeline.report.listening import Tuning
from tests.report.test_report import TUNED, report  # noqa: F401

PROBE = """<script>addEventListener("load", () => {
  const root = document.documentElement, style = getComputedStyle(document.body);
  const sizes = [...document.querySelectorAll("svg text")].map(text => text.getBoundingClientRect().height);
  document.title = "PROBE" + JSON.stringify({overflow: root.scrollWidth - root.clientWidth, page: style.backgroundColor,
    ink: style.color, smallest: Math.min(...sizes),
    card: document.querySelector(".card b")?.getBoundingClientRect().right});
})</script></body>"""


def seen(page: Path, width: int, *, dark: bool) -> dict[str, object]:
    """What a headless browser makes of a page in a frame of that width."""
    probe = page.with_name("probe.html")
    probe.write_text(page.read_text().replace("</body>", PROBE))
    frame = page.with_name("frame.html")
    frame.write_text(
        f'<iframe src="probe.html" style="width: {width}px; height: 3000px; border: 0"></iframe><script>'
        "onload = () => { document.title = frames[0].document.title; }</script>"
    )
    command = [shutil.which("chromium") or "", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [
        "--allow-file-access-from-files",
        f"--user-data-dir={page.parent / 'profile'}",
        "--window-size=1500,3000",
    ]
    command += ["--blink-settings=preferredColorScheme=0"] if dark else ["--blink-settings=preferredColorScheme=1"]
    out = subprocess.run([*command, frame.as_uri()], capture_output=True, text=True, timeout=120, check=True).stdout
    found = re.search(r"PROBE(\{.*?\})", out)
    assert found, out[:500]
    return json.loads(found[1].replace("&quot;", '"'))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
@pytest.mark.parametrize("width", [1400, 400])
def test_it_fits_and_follows_light_and_dark(report, tmp_path, width):  # noqa: F811
    page = write_report(dataclasses.replace(report, tuning=Tuning((TUNED,))), tmp_path, "m")[1]
    light, dark = (seen(page, width, dark=dark) for dark in (False, True))
    index = seen(page.with_name("index.html"), width, dark=False)
    assert index["overflow"] == 0
    for found in (light, dark):
        assert found["overflow"] == 0
        assert found["smallest"] > 8  # pixels: what plots say can be read
        assert found["card"] < width
    assert brightness(light["page"]) > 200 > 100 > brightness(light["ink"])
    assert brightness(dark["page"]) < 60 < 200 < brightness(dark["ink"])


def brightness(colour: object) -> float:
    parts = [int(part) for part in re.findall(r"\d+", str(colour))[:3]]
    return sum(parts) / 3
