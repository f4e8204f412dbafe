"""``python -m pipeline.listen``: audio in, detections out, on this computer or on a board."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from pipeline.boards import BOARDS
from pipeline.console import console, guarded
from pipeline.console.progress import RichProgress
from pipeline.console.timeline import Timeline
from pipeline.device import open_device
from pipeline.errors import UsageError
from pipeline.files import write_text
from pipeline.layers import QuantizedModel
from pipeline.listening.heard import Event, Recorder
from pipeline.listening.host import HostListener
from pipeline.listening.listener import DeviceListener, Listener
from pipeline.listening.page import to_html
from pipeline.listening.sources import Source, open_sources
from pipeline.stages import Stages
from pipeline.workflow.image import build_image
from pipeline.workflow.models import ModelFile

PATH = click.Path(path_type=Path)
_EPILOG = """\b
Examples
  python -m pipeline.listen talk.wav --model MODEL.tflite --page heard.html
  python -m pipeline.listen mic --model MODEL.tflite
  arecord -f S16_LE -r 16000 -c 1 | python -m pipeline.listen - --model MODEL.tflite --json
  python -m pipeline.listen talk.wav --model MODEL.tflite --target nano33
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 110})
@click.argument("source")
@click.option("--model", type=PATH, metavar="FILE", required=True, help="A .tflite of this project.")
@click.option("--target", type=click.Choice(list(BOARDS)), help="Let this board listen. [default: this computer]")
@click.option("--port", metavar="PORT", help="Serial port of the real board, instead of the target's emulator.")
@click.option("--threshold", type=click.FloatRange(0, 1, min_open=True), help="For all words, not the model's own.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for every event, and nothing else.")
@click.option("--page", type=PATH, metavar="FILE", help="Write an HTML page with waveform, scores and events to click.")
@guarded()
def main(
    source: str,
    model: Path,
    target: str | None,
    port: str | None,
    threshold: float | None,
    as_json: bool,
    page: Path | None,
) -> None:
    """Listens to SOURCE and says when a keyword is heard.

    SOURCE is a sound file of any length, rate and format, a folder of them, `-` for raw 16-bit mono samples at 16 kHz
    on standard input, or `mic`.
    """
    if target is None and port is not None:
        raise UsageError("--port names a board's port", "say which board it is: --target")
    if target is not None and threshold is not None:
        raise UsageError("a board listens with its image's thresholds", "leave --threshold or --target out")
    file = ModelFile.read(model)
    sources = open_sources(source, sys.stdin.buffer)
    thresholds = [threshold or own for label, own in zip(file.model.labels, file.model.thresholds, strict=True)
                  if label in file.model.keywords]  # fmt: skip
    heard: list[Recorder] = []
    try:
        with _opened(file, target, port, threshold) as listeners:
            for one in sources:
                recorder = Recorder(one.name, file.model.keywords) if page is not None else None
                heard += [recorder] if recorder is not None else []
                _listen(one, listeners(), file.model, recorder, as_json=as_json)
    finally:  # what was heard before an error or Ctrl-C is shown too
        if page is not None:
            for recorder in heard:
                recorder.finish()
            where = "this computer" if target is None else target
            write_text(page, to_html(f"{file.model.name} on {where}", thresholds, heard))
    if page is not None and not as_json:
        console.print(f"page {page}", highlight=False)


@contextmanager
def _opened(
    file: ModelFile, target: str | None, port: str | None, threshold: float | None
) -> Iterator[Callable[[], Listener]]:
    """Yields what makes a listener for the next source, each a fresh one."""
    if target is None:
        yield lambda: HostListener(file.model, threshold=threshold)
        return
    image = build_image(file, target, Stages(Path("out") / "listen", RichProgress(console)))
    with open_device(target, image, port=port) as device:
        yield lambda: DeviceListener(device.client)


def _listen(
    source: Source, listener: Listener, model: QuantizedModel, recorder: Recorder | None, *, as_json: bool
) -> None:
    timeline = None if as_json else Timeline(console, source.name, model.keywords, source.seconds)
    with timeline or nullcontext():
        for pcm in source.blocks():
            steps, events = listener.push(pcm)
            if recorder is not None:
                recorder.hear(pcm, steps, events)
            if timeline is not None:
                timeline.show(pcm, steps, events)
            else:
                _print_json(source.name, events)


def _print_json(name: str, events: list[Event]) -> None:
    for event in events:
        row = {"source": name, "event": event.label, "score": round(event.score, 4), "seconds": event.seconds}
        print(json.dumps({**row, "sample": event.sample}), flush=True)


if __name__ == "__main__":
    main()
