"""The report's two files agree, stand alone, and survive odd runs; derived figures are those worked out by hand."""

from __future__ import annotations

import dataclasses
import io
import json
import re

import pytest
from rich.console import Console

from pipeline.console import show_report
from pipeline.report import (
    AccuracyRow,
    ConditionRow,
    Confusion,
    DeviceRow,
    LayerRow,
    ListeningRow,
    MemoryRow,
    Next,
    ParityRow,
    Provenance,
    RamRow,
    Report,
    SplitRow,
    StageRow,
    WordRow,
    advice,
    write_report,
)
from pipeline.report.listening import FLOAT_BITS, CurvePoint, Difference, FalseAccepts, Misses, Tuned, Tuning


def accuracy(name: str, runs_on: str, bits: int, keyword: float, model_bytes: int) -> AccuracyRow:
    return AccuracyRow(
        name=name,
        runs_on=runs_on,
        training="QAT",
        bits=bits,
        threshold=0.875,
        miss=0.125,
        speaker_miss=0.075,
        false_accept=0.015,
        miss_at_1=0.175,
        keyword=keyword,
        keyword_interval=(keyword - 0.03, min(1.0, keyword + 0.02)),
        speaker_mean=0.9,
        spoken=0.91,
        det=((1.0, 0.0), (0.1, 0.05), (0.01, keyword), (0.0, 1.0)),
        model_bytes=model_bytes,
    )


WORDS = (
    WordRow("alexa", 40, 12, 30, 38, 4, 7, ()),
    WordRow("computer", 58, 12, 8, 40, 18, 0, (("smart_mirror", 12), ("alexa", 1))),
)
CONDITIONS = (
    ConditionRow("as recorded", "", 0.125, 0.015, 0.175, 0.931),
    ConditionRow("in babble, 10 dB", "six voices", 0.25, 0.03125, 0.375, 0.8125),
)
TEST = SplitRow(136, 98, 12, "1c33ad", 49)


@pytest.fixture
def report() -> Report:
    return Report(
        title="wake_words: 4 bits on nano33",
        summary="six keywords",
        accuracy=(
            accuracy("float32", "Keras", 32, 0.935, 100_000),
            accuracy("4-bit", "numpy", 4, 0.931, 16_000),
            accuracy("4-bit", "nano33", 4, 0.931, 16_000),
        ),
        baselines=(
            accuracy("TFLite int8 QAT", "LiteRT", 8, 0.93, 40_000),
            accuracy("TFLite int8 PTQ", "LiteRT", 8, 0.92, 32_000),
            accuracy("perceptron", "numpy", 4, 0.88, 75_000),
        ),
        words=WORDS,
        conditions=CONDITIONS,
        confusion=Confusion(("_silence_", "_unknown_", "alexa"), ((10, 0, 0), (1, 80, 2), (0, 3, 40))),
        test=TEST,
        memory=(MemoryRow("8-bit", 24_000, 2_000, 100_000, 25_600), MemoryRow("4-bit", 14_000, 2_000, 100_000, 25_600)),
        layers=(
            LayerRow("stem", "dense", 60, 64, 4, 1_920, 640, 60, 3_840, 9_600.0),
            LayerRow("filter_0", "filter", 64, 64, 8, 320, 512, 256, 320, 3_200.0),
            LayerRow("add_0", "add", 64, 64, 0, 0, 0, 0, 0, 700.0),
        ),
        device=DeviceRow(
            target="nano33",
            description="Arduino Nano 33 BLE, emulated",
            cpu="cortex-m4",
            variant="cortex_m4_dsp",
            engine="aot",
            unit="instructions",
            time_per_inference=960_000.0,
            flash_bytes=41_000,
            flash_limit=1 << 20,
            model_flash_bytes=16_100,
            model_ram_bytes=0,
            flash_waits=8_000,
        ),
        ram=RamRow(
            static_bytes=10_400,
            stack_bytes=4_096,
            stack_used=900,
            network_bytes=5_000,
            state_bytes=3_000,
            limit=1 << 18,
        ),
        listening=ListeningRow(
            unit="instructions",
            clock_hz=64_000_000,
            clock_name="a 64 MHz Cortex-M4",
            seconds=3.0,
            steps=50,
            frontend=4_800_000.0,
            network=1_920_000.0,
            detector=240_000.0,
            flash_waits=400_000.0,
        ),
        parity=ParityRow(136, 408, 0, 0),
        next=Next(
            commands=(("Listen:", "python -m pipeline.listen FILE.wav --model m.tflite"),),
            files=(("image", "m_4bit_nano33.elf"),),
            advice=advice(WORDS, TEST, CONDITIONS),
        ),
        stages=(StageRow("corpus", 3.2, False), StageRow("float", 40.0, True)),
        provenance=Provenance(
            command="python -m pipeline.build",
            version="0.1.0",
            recipe="wake_words",
            corpus="folder",
            corpus_hash="ab" * 8,
            model_file="m.tflite",
            model_hash="cd" * 8,
            image_hash="ef" * 8,
            packages=(("numpy", "2"),),
        ),
    )


def text_of(page: str) -> str:
    """What a reader sees of it."""
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main>") :]).split())


def console_of(report: Report, tmp_path) -> str:
    console = Console(file=io.StringIO(), width=80)
    show_report(console, report, tmp_path / "m.html")
    return console.file.getvalue()


def test_files_agree_and_stand_alone(report, tmp_path):
    json_path, html_path = write_report(report, tmp_path, "m_4bit_nano33")
    data, page = json.loads(json_path.read_text()), html_path.read_text()
    assert data["schema"] == "dynq-report-6"
    assert data["next"]["files"] == [["image", "m_4bit_nano33.elf"]]
    assert 'href="m_4bit_nano33.elf"' in page
    assert not re.search(r'src=|@import|url\((?!#)|href="(?:https?:|//)', page)  # nothing is fetched
    assert page.count("<svg") == 2


def test_listening_by_hand(report):
    """3 s, 50 steps: 1.6, .64 and .08 million instructions a second of 64 million; 8,000 cycles a step of waits."""
    frontend, network, detector, waits, everything = report.listening.parts
    assert (frontend.per_second, network.per_second, detector.per_second) == (1_600_000, 640_000, 80_000)
    assert (frontend.per_step, network.per_step, detector.per_step) == (96_000, 38_400, 4_800)
    assert (waits.per_step, waits.share) == (8_000, pytest.approx(400_000 / 3 / 64e6))
    assert [part.share for part in (frontend, network, detector)] == pytest.approx([0.025, 0.01, 0.00125])
    assert everything.share == pytest.approx(0.03625 + waits.share)
    assert everything.per_step == 147_200
    no_waits = dataclasses.replace(report.listening, flash_waits=0.0)
    assert len(no_waits.parts) == 4
    assert report.listening.step_ms == pytest.approx(60)


def test_savings_by_hand(report, tmp_path):
    data = json.loads(write_report(report, tmp_path, "m_4bit_nano33")[0].read_text())
    device, perceptron = data["accuracy"][-1], data["baselines"][-1]
    assert device["saved"] == pytest.approx(0.84)  # 16,000 of 100,000
    assert device["saved_against_int8"] == pytest.approx(0.375)  # of 25,600
    assert perceptron["saved_against_int8"] == pytest.approx(1 - 75_000 / 25_600)
    assert [row["saved"] for row in data["memory"]] == pytest.approx([0.74, 0.84])
    assert [row["saved_against_int8"] for row in data["memory"]] == pytest.approx([-0.015625, 0.375])


def test_savings_are_shown(report, tmp_path):
    """The device's row: 15.6 KiB, 84 % of the floats saved, 37.5 % of the same network at 8 bits."""
    page = text_of(write_report(report, tmp_path, "m_4bit_nano33")[1].read_text())
    assert re.search(r"4-bit nano33, QAT (?:[\d.]+ |&ndash; )*15\.6 84\.0 37\.5 ", page)
    assert "84.0 % less than float32, 37.5 % less than int8" in page
    assert re.search(r" 4-bit 15\.6 84\.0 37\.5 14,000 2,000 ", page)  # by width
    (line,) = (
        line.split() for line in console_of(report, tmp_path).splitlines() if "nano33 " in line and "4-bit" in line
    )
    assert line[-3:] == ["15.6", "84.0", "37.5"]


def test_one_number_for_a_thing(report, tmp_path):
    json_path, html_path = write_report(report, tmp_path, "m_4bit_nano33")
    data, page, said = json.loads(json_path.read_text()), text_of(html_path.read_text()), console_of(report, tmp_path)
    assert data["ram"]["total"] == 10_400 + 4_096 == 14_496
    assert data["ram"]["application_bytes"] == 10_400 - 5_000
    assert "14,496 of 262,144 bytes: 5,000 network (3,000 of them states), 5,400 application, 4,096 reserved" in page
    assert "40.0 / 14.2 KiB" in page  # 41,000 and 14,496 bytes
    assert "RAM 14,496 (5,000 network, stack 900 of 4,096 used)" in said
    assert "24,900 code, 16,100 model" in page
    assert data["listening"]["share"] == pytest.approx(0.0383333333)
    assert "3.8 % of a 64 MHz Cortex-M4 at one cycle an instruction and two for a word of weights in flash" in page
    assert (
        "3.8 % of a 64 MHz Cortex-M4, at one cycle an instruction and two for a word of weights in flash"
        in " ".join(said.split())
    )
    assert "front end 96,000, network 38,400, detector 4,800 instructions, every 60 ms" in said
    assert "7.5 % missed by speaker" in page
    assert "nano33, QAT 12.5 7.5 1.5 17.5 93.1 90.1 &ndash; 95.1 90.0 91.0" in page
    assert "17.5 % missed" in page  # at 1 %
    assert "TFLite int8 QAT" in said
    for shown in (page, said):
        assert "12.5" in shown  # missed
        assert "1.5" in shown  # false accepts at the threshold
        assert "computer" in shown


def test_layers_of_every_kind(report, tmp_path):
    data = json.loads(write_report(report, tmp_path, "m_4bit_nano33")[0].read_text())
    assert [row["time_per_mac"] for row in data["layers"]] == [2.5, 10.0, None]
    page = text_of(write_report(report, tmp_path, "m_4bit_nano33")[1].read_text())
    assert "filter_0 filter 3,200 10.000 320 8 64 64 320 512 256" in page
    assert "add_0 add 700 0 64 64 0 0 0" in page
    assert "a step 13,500 4,160 2,240 1,152 316" in page


def test_words_lead_with_the_most_missed(report, tmp_path):
    page = text_of(write_report(report, tmp_path, "m_4bit_nano33")[1].read_text())
    assert page.index("computer 31.0 18 58 40 0 12 8 12 smart_mirror, 1 alexa") < page.index("alexa 10.0 4 40 38 7")
    assert "50.0 % of the keyword clips (49) are of speaker 1c33ad" in page


def test_conditions_are_beside_the_clips_as_they_are(report, tmp_path):
    page = text_of(write_report(report, tmp_path, "m")[1].read_text())
    assert "as recorded 12.5 1.5 17.5 93.1 in babble, 10 dB 25.0 3.1 37.5 81.2 " in page
    assert "in babble, 10 dB six voices The model" in page


def test_every_number_in_the_terminal_is_on_the_page(report, tmp_path):
    report = dataclasses.replace(report, tuning=Tuning((TUNED,)))
    page = text_of(write_report(report, tmp_path, "m_4bit_nano33")[1].read_text())
    said = console_of(report, tmp_path)
    number = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
    numbers = set(number.findall(said[: said.index("report  ")]))
    assert len(numbers) > 40
    assert numbers - set(number.findall(page)) == set()


def test_advice_names_the_weakest():
    said = advice(WORDS, TEST, CONDITIONS)
    assert said == (
        "computer is missed most: 18 of 58 clips, 12 of them taken for smart_mirror: record more of both, or choose a "
        "less similar word.",
        "computer is trained on 8 speakers, the fewest: record 20 or more.",
        "12 of 100 keywords more go unrecognised in babble, 10 dB: recordings from where it will listen, of keywords "
        "and of noise, help.",
        "50 % of the keyword clips of the test split are of one speaker (1c33ad): the mean over speakers says more "
        "than the share of clips.",
    )
    faint = dataclasses.replace(WORDS[1], taken_for=(("smart_mirror", 2),), training_speakers=None)
    loose = dataclasses.replace(CONDITIONS[0], false_accept=0.112)
    assert advice([faint], dataclasses.replace(TEST, dominant_clips=5, speakers=4), [loose]) == (
        "computer is missed most: 18 of 58 clips: more recordings of it, by other speakers, help most.",
        "The threshold lets 11.2 % of the other words of the test split through instead of the 1 % of the validation "
        "split: more other words, above all ones that sound like keywords, help.",
        "The test split has 4 speakers: its figures would differ with others. Test on more.",
    )
    perfect = dataclasses.replace(WORDS[0], missed=0)
    nothing = dataclasses.replace(CONDITIONS[0], false_accept=float("nan"), keyword=float("nan"))
    assert advice([perfect], dataclasses.replace(TEST, dominant_clips=5), [nothing]) == ()


def test_advice_says_what_a_strict_threshold_costs():
    quiet = dataclasses.replace(TUNED.misses[0], rate=0.66)
    strict = dataclasses.replace(TUNED, misses=(quiet, *TUNED.misses[1:]))
    (said,) = advice((), dataclasses.replace(TEST, dominant_clips=5), CONDITIONS[:1], strict)
    assert said == (  # the curve's points are 10, 5, 2.5, 1.25 and 0 an hour
        "66 of 100 keywords are missed while listening, at thresholds for 0.5 false accepts per hour; at 2.5 per hour "
        "it would be about 20: build or tune with --budget 2.5."
    )
    (said,) = advice(
        (), dataclasses.replace(TEST, dominant_clips=5), CONDITIONS[:1], dataclasses.replace(strict, budget=3.0)
    )
    assert "at thresholds for 3 false accepts per hour: speech without keywords" in said
    assert advice((), dataclasses.replace(TEST, dominant_clips=5), CONDITIONS[:1], TUNED) == ()


def test_failed_parity_is_loud(report, tmp_path):
    report = dataclasses.replace(report, parity=ParityRow(136, 408, 4, 0))
    page = write_report(report, tmp_path, "m_4bit_nano33")[1].read_text()
    assert 'class="bad">99.0 %' in page


def test_no_counter_and_empty_det(report, tmp_path):
    report = dataclasses.replace(
        report,
        device=dataclasses.replace(report.device, time_per_inference=None),
        ram=dataclasses.replace(report.ram, stack_used=None),
        layers=tuple(dataclasses.replace(layer, time=None) for layer in report.layers),
        accuracy=tuple(dataclasses.replace(row, det=()) for row in report.accuracy),
        listening=None,
    )
    page = write_report(report, tmp_path, "m_4bit_nano33")[1].read_text()
    assert "not measured on this target" in page
    assert "Not measured: nano33" in page
    assert "continuous listening" not in page
    assert "listens" not in console_of(report, tmp_path)


def test_plots_take_the_page_s_colours_and_keep_coinciding_curves_apart(report, tmp_path):
    page = write_report(report, tmp_path, "m_4bit_nano33")[1].read_text()
    plots = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert "var(--ink)" in plots
    assert set(re.findall(r"#[0-9a-f]{6}", plots)) <= {"#ffffff", "#000000"}
    variables = set(re.findall(r"var\((--\w+)\)", page))
    light, dark = (part for part in page.split("prefers-color-scheme: dark"))
    for name in variables - {"--share"}:
        assert f"{name}:" in light
        assert f"{name}:" in dark.split("\n}\n")[0]
    # the reference and the device share a curve, and so a line of the legend
    assert "4-bit, numpy = 4-bit, nano33" in plots
    same = dataclasses.replace(report, accuracy=(report.accuracy[0],) * 2, baselines=())
    assert "float32, Keras = float32, Keras" in write_report(same, tmp_path, "m")[1].read_text()


def test_names_are_escaped(report, tmp_path):
    report = dataclasses.replace(report, title="<script>alert(1)</script>")
    assert "<script>" not in write_report(report, tmp_path, "m_4bit_nano33")[1].read_text()


TUNED = Tuned(
    "wake_words",
    4,
    0.5,
    {"alexa": 0.9, "computer": 0.95},
    4,
    3.5,
    1,
    1.36,
    0.2,
    (
        FalseAccepts("unseen <words>", 1.0, 1, 1.0, (0.03, 5.6), {"alexa": 1}, {"phrases": 1}),
        FalseAccepts("all", 2.0, 3, 1.5, (0.3, 4.4), {"alexa": 3}, {"phrases": 1, "nutmeg & table": 2}),
    ),
    (
        Misses("keywords", 100, 11, 0.11, (0.05, 0.2), 0.08, {"alexa": 0.1}, {"s": (11, 100)}, (360.0, 520.0)),
        Misses("keywords at 5 dB", 100, 100, 1.0, (1.0, 1.0), 1.0, {"alexa": 1.0}, {"s": (100, 100)}, None),
    ),
    tuple(
        CurvePoint(x, 10.0 * 2**-x if x < 4 else 0.0, {"keywords": x / 10, "keywords at 5 dB": 1.0}) for x in range(5)
    ),
)


BESIDE_FLOAT = dataclasses.replace(
    TUNED, against_float=(Difference("keywords", 0.015, (-0.005, 0.04), 0.01, (-0.02, 0.03)),)
)


def test_listening_is_shown_with_its_intervals(report: Report, tmp_path):
    models = (BESIDE_FLOAT, dataclasses.replace(TUNED, bits=FLOAT_BITS), dataclasses.replace(TUNED, bits=8))
    data, page = write_report(dataclasses.replace(report, tuning=Tuning(models)), tmp_path, "tuned")
    text = page.read_text("utf-8")
    section = text[text.index('id="listening"') :]
    for shown in (
        *("1.50 per hour", "0.30 &ndash; 4.40", "11.0 %", "8.0 % by speaker", "alexa 0.900"),
        *("unseen &lt;words&gt;", "bound the rate below 1.36", "8-bit", "<svg"),
        *("4-bit (the device)", "float32", "<b>+1.5</b> (-0.5 to +4.0)"),
    ):
        assert shown in section, shown
    assert "in quiet; tuned for 0.5 per hour; float32: 11.0 % / 1.50" in text_of(text)
    alone = write_report(dataclasses.replace(report, tuning=Tuning((TUNED,))), tmp_path, "alone")[1].read_text("utf-8")
    assert "float32" not in alone[alone.index('id="listening"') : alone.index('id="next"')]
    assert json.loads(data.read_text("utf-8"))["tuning"]["models"][0]["false_accepts"][1]["per_hour"] == 1.5


def test_without_tuning_the_report_says_why(report: Report, tmp_path):
    _, page = write_report(dataclasses.replace(report, tuning=Tuning(note="no other <speech>")), tmp_path, "untuned")
    assert "Thresholds are the recipe's: no other &lt;speech&gt;" in page.read_text("utf-8").replace("&#39;", "'")
    _, page = write_report(dataclasses.replace(report, tuning=Tuning()), tmp_path, "as_it_was")
    assert "Thresholds are the model's own: this run chose none." in page.read_text("utf-8").replace("&#39;", "'")


def test_names_are_no_markup(report, tmp_path):
    report = dataclasses.replace(report, title="x[/]y", summary="[red]", next=Next(commands=(("Listen:", "a[/]b"),)))
    said = console_of(report, tmp_path / "[/]")
    assert all(text in said for text in ("x[/]y", "[red]", "a[/]b", "/[/]/"))
