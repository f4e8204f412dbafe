"""Events of a stream on every emulated target are the host's, sample for sample, in whatever chunks it comes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from lab import listening
from pipeline.boards import BOARDS, board
from pipeline.corpus.data import Corpus, Split
from pipeline.export import write_c_arrays, write_tflite
from pipeline.firmware import build_firmware
from pipeline.listening.host import HostListener
from tests.device.test_audio import MODEL, audio

PCM = audio(1.3)[:-5]


def test_chunks_are_of_one_sample_to_one_second() -> None:
    pcm = np.arange(1_600_000, dtype=np.int32)
    pieces = list(listening.cut(pcm, 1))
    assert np.array_equal(np.concatenate(pieces), pcm)
    lengths = [len(piece) for piece in pieces[:-1]]
    assert min(lengths) == 1
    assert 15_000 < max(lengths) <= 16_000
    assert [len(piece) for piece in listening.cut(pcm, 2)][:20] != lengths[:20]


@pytest.mark.parametrize("target", [target for target in BOARDS if target not in ("host", "nrf52840dk")])
def test_every_target_hears_what_the_host_hears(target: str, tmp_path: Path) -> None:
    wanted = listening.hear("here", HostListener(MODEL), iter([PCM]))
    assert len(wanted.heard) >= 2
    by_sample = listening.hear("by sample", HostListener(MODEL), iter(PCM[:, None]))
    assert by_sample.heard == wanted.heard
    assert by_sample.chunks == len(PCM)
    write_c_arrays(MODEL, board(target).core.variant, tmp_path / "c", source_hash="3" * 64)
    found = listening.hear_on(build_firmware(target, tmp_path / "c", tmp_path), PCM, seed=7)
    assert found.heard == wanted.heard
    assert found.chunks == len(list(listening.cut(PCM, 7))) > 3


def clips() -> Corpus:
    """A test split of twelve loud clips of the three keywords."""
    count = 12
    pcm = np.stack([audio(1) for _ in range(count)])
    split = Split(pcm, np.arange(count) % 3 + 2, tuple(f"{i}.wav" for i in range(count)), ("a",) * count)
    return Corpus(MODEL.labels, split, split, split, ())


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_tflite(MODEL, tmp_path / "model.tflite")
    monkeypatch.setattr(listening, "recipe_of", lambda *_, **__: SimpleNamespace(corpus=None))
    monkeypatch.setattr(listening, "load_corpus", lambda *_, **__: clips())
    command = ["--model", str(model), "--minutes", "0.1", "--target", "host", "--out", str(tmp_path)]
    done = CliRunner().invoke(listening.main, command)
    assert done.exit_code == 0, done.output
    lines = [line for line in done.output.splitlines() if "events in 0.1 min" in line]
    assert [line.partition(":")[0] for line in lines] == ["this computer", "host", "this computer, sample by sample"]
    assert all(" 0 differ" in line for line in lines)
    assert "96,000 chunks" in lines[2]

    real = listening.hear_on

    def deaf(*arguments: object, **options: object) -> listening.Hearing:
        hearing = real(*arguments, **options)  # type: ignore[arg-type]
        return replace(hearing, heard=hearing.heard[1:])

    monkeypatch.setattr(listening, "hear_on", deaf)
    done = CliRunner().invoke(listening.main, command)
    assert done.exit_code == 1
    assert " 1 differ" in done.output


def test_streams_come_again_from_the_seed() -> None:
    corpus = clips()
    first = listening.stream_of(corpus, 1.5, 4)
    assert len(first) == 90 * 16_000
    assert np.array_equal(first, listening.stream_of(corpus, 1.5, 4))
    assert not np.array_equal(first, listening.stream_of(corpus, 1.5, 5))
    halves = itertools.pairwise(np.split(first, 2))
    assert all(not np.array_equal(a, b) for a, b in halves)
