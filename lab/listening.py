"""``python -m lab.listening``: one long stream heard by this computer and by every emulated target, event by event."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from pipeline.boards import BOARDS
from pipeline.console import RichProgress, console, guarded
from pipeline.corpus import load_corpus
from pipeline.corpus.data import SAMPLE_RATE, Corpus
from pipeline.device import open_device
from pipeline.firmware import FirmwareImage
from pipeline.listening.heard import Event
from pipeline.listening.host import HostListener
from pipeline.listening.listener import DeviceListener, Listener
from pipeline.listening.streams import keyword_stream
from pipeline.stages import Stages
from pipeline.tuning.material import SNR_DB
from pipeline.workflow.data import recipe_of
from pipeline.workflow.image import build_image
from pipeline.workflow.models import ModelFile

PATH = click.Path(path_type=Path)
LONGEST_CHUNK = SAMPLE_RATE
"""Samples of a chunk; the shortest is one."""

Pcm = NDArray[np.int16]


@dataclass(frozen=True)
class Hearing:
    """What one listener made of the stream.

    Attributes:
        heard: label and sample of every event.
        chunks: how many pieces the audio came in.
        seconds: the time it took.
    """

    where: str
    heard: tuple[tuple[str, int], ...]
    chunks: int
    seconds: float


def stream_of(corpus: Corpus, minutes: float, seed: int) -> Pcm:
    """The test split's keyword clips again and again, at falling ratios of speech to noise: int16 ``[samples]``."""
    wanted = round(minutes * 60 * SAMPLE_RATE)
    pieces: list[Pcm] = []
    for turn, snr in enumerate(itertools.cycle(SNR_DB)):
        pieces.append(keyword_stream(corpus.testing, corpus.labels, (), seed + turn, snr_db=snr).pcm)
        if sum(map(len, pieces)) >= wanted:
            return np.concatenate(pieces)[:wanted]
    raise AssertionError("the cycle has no end")


def cut(pcm: Pcm, seed: int) -> Iterator[Pcm]:
    """Pieces of one sample to one second; every order of magnitude is as frequent."""
    rng = np.random.default_rng(seed)
    at = 0
    while at < len(pcm):
        length = int(np.exp(rng.uniform(0, np.log(LONGEST_CHUNK + 1))))
        yield pcm[at : at + length]
        at += length


def hear(where: str, listener: Listener, pieces: Iterator[Pcm]) -> Hearing:
    """Lets a listener hear all pieces."""
    events: list[Event] = []
    started, chunks = time.monotonic(), 0
    for chunk in pieces:
        events += listener.push(chunk)[1]
        chunks += 1
    return Hearing(where, tuple((e.label, e.sample) for e in events), chunks, time.monotonic() - started)


def hear_on(image: FirmwareImage, pcm: Pcm, seed: int) -> Hearing:
    """The same on the emulator of an image's target, over its serial port."""
    with open_device(image.target, image) as device:
        return hear(image.target, DeviceListener(device.client), cut(pcm, seed))


def differing(wanted: Hearing, other: Hearing) -> int:
    """How many events only one of the two heard."""
    return len(set(wanted.heard) ^ set(other.heard))


@click.command()
@click.option("--model", type=PATH, metavar="FILE", required=True, help="A .tflite of this project.")
@click.option("--data", type=PATH, metavar="DIR", help="The recordings it was trained on. [default: synthetic speech]")
@click.option("--minutes", type=click.FloatRange(0.1), default=10.0, show_default=True, help="Length of the stream.")
@click.option("--target", "targets", type=click.Choice(list(BOARDS)), multiple=True, help="[default: all of them]")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the stream and of its chunks.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Targets at the same time.")
@click.option("--out", type=PATH, metavar="DIR", default=Path("out/listening"), show_default=True, help="For images.")
@click.option("--cache", type=PATH, metavar="DIR", default=Path("out/cache"), show_default=True, help="Decoded speech.")
@guarded()
def main(
    model: Path,
    data: Path | None,
    minutes: float,
    targets: Sequence[str],
    seed: int,
    workers: int,
    out: Path,
    cache: Path,
) -> None:
    """Compares the events of a long stream, cut into chunks of one sample to one second, differently for each target.

    A serial link carries 32,000 bytes for a second of audio, each of which an emulator takes by itself: some 0.4 s of a
    processor on QEMU and 1.7 s on the virtual nRF52840 for a second of audio.
    """
    progress = RichProgress(console)
    file = ModelFile.read(model)
    recipe = recipe_of(file.model, folder=data is not None)
    pcm = stream_of(load_corpus(recipe.corpus, data, cache, seed=seed, progress=progress), minutes, seed)
    wanted = hear("this computer", HostListener(file.model), iter([pcm]))
    _show(wanted, wanted, minutes)
    images = [build_image(file, target, Stages(out, progress)) for target in targets or BOARDS]
    equal = True
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(hear_on, image, pcm, seed + number) for number, image in enumerate(images)]
        for done in waiting:
            equal &= _show(wanted, done.result(), minutes)
    by_sample = hear("this computer, sample by sample", HostListener(file.model), iter(pcm[:, None]))
    equal &= _show(wanted, by_sample, minutes)
    if not equal:
        raise SystemExit(1)


def _show(wanted: Hearing, found: Hearing, minutes: float) -> bool:
    """One line about a hearing; whether it is what is wanted."""
    differ = differing(wanted, found)
    console.print(
        f"{found.where}: {len(found.heard)} events in {minutes:g} min, {differ} differ; {found.chunks:,} chunks, "
        f"{found.seconds:,.1f} s",
        highlight=False,
    )
    return wanted.heard == found.heard


if __name__ == "__main__":
    main()
