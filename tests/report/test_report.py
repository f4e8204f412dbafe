"""The report's two files agree, stand alone, and survive odd runs (one clip, no counter, hostile names)."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from pipeline.report import (
    AccuracyRow,
    Baseline,
    Confusion,
    DeviceRow,
    LayerRow,
    MemoryRow,
    ParityRow,
    Provenance,
    Report,
    StageRow,
    write_report,
)


def accuracy(name: str, runs_on: str, keyword: float) -> AccuracyRow:
    det = ((1.0, 0.0), (0.1, 0.05), (0.01, 0.13), (0.0, 1.0))
    return AccuracyRow(
        name, runs_on, "QAT", keyword, (keyword - 0.03, min(1.0, keyword + 0.02)), keyword, 0.91, 0.13, det, 75_648
    )


@pytest.fixture
def report() -> Report:
    return Report(
        title="wake_words, 4 bits, on qemu",
        summary="six keywords",
        accuracy=(
            accuracy("float32", "host", 0.935),
            accuracy("4-bit", "host", 0.931),
            accuracy("4-bit", "qemu", 0.931),
        ),
        baselines=(Baseline("TFLite int8, tfmot QAT", 0.93, 0.9, 145_000),),
        confusion=Confusion(("_silence_", "_unknown_", "alexa"), ((10, 0, 0), (1, 80, 2), (0, 3, 40))),
        memory=(MemoryRow("8-bit", 138_752, 6_272, 556_576), MemoryRow("4-bit", 69_376, 6_272, 556_576)),
        layers=(
            LayerRow("dense_0", 820, 128, 4, 52_480, 2_048, 110_000.0),
            LayerRow("dense_1", 128, 8, 4, 512, 128, 2_000.0),
        ),
        device=DeviceRow(
            "qemu",
            "QEMU mps2-an386",
            "cortex-m4",
            "cortex_m4_dsp",
            "aot",
            "instructions",
            112_000.0,
            25_000_000,
            100_000,
            4 << 20,
            75_648,
            9_000,
            4 << 20,
            900,
            4096,
        ),
        parity=ParityRow(136, 408, 0),
        stages=(StageRow("corpus", 3.2, False), StageRow("float", 40.0, True)),
        provenance=Provenance(
            "python -m pipeline.build",
            "0.1.0",
            "wake_words",
            "folder",
            "ab" * 8,
            "m.tflite",
            "cd" * 8,
            "ef" * 8,
            (("numpy", "2"),),
            136,
            12,
        ),
    )


def test_files_agree_and_stand_alone(report, tmp_path):
    json_path, html_path = write_report(report, tmp_path)
    data, page = json.loads(json_path.read_text()), html_path.read_text()
    assert data["schema"] == "dynq-report-2"
    assert data["memory"][1]["saved"] == pytest.approx(1 - 75_648 / 556_576)
    assert data["device"]["milliseconds"] == pytest.approx(4.48)
    assert "93.1 %" in page
    assert "112,000" in page
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)  # nothing is fetched
    assert page.count("<svg") == 5


def test_failed_parity_is_loud(report, tmp_path):
    report = dataclasses.replace(report, parity=ParityRow(136, 408, 4))
    page = write_report(report, tmp_path)[1].read_text()
    assert 'class="bad">99.0 %' in page


def test_no_counter_and_empty_det(report, tmp_path):
    device = dataclasses.replace(report.device, time_per_inference=None, stack_used=None)
    layers = tuple(dataclasses.replace(layer, time=None) for layer in report.layers)
    rows = tuple(dataclasses.replace(row, det=()) for row in report.accuracy)
    page = write_report(dataclasses.replace(report, device=device, layers=layers, accuracy=rows), tmp_path)[
        1
    ].read_text()
    assert "not measured on this target" in page


def test_names_are_escaped(report, tmp_path):
    report = dataclasses.replace(report, title="<script>alert(1)</script>")
    assert "<script>" not in write_report(report, tmp_path)[1].read_text()
