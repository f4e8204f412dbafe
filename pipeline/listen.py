"""``python -m pipeline.listen``: audio in, detections out, on this computer or on a board."""

from __future__ import annotations

from pipeline.interrupt import end_at_once

if __name__ == "__main__":
    end_at_once()  # until the command has begun: what follows takes a while

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pipeline.boards import BOARDS, board_with_microphone
from pipeline.console import console, guarded, stderr
from pipeline.console.progress import RichProgress
from pipeline.console.timeline import Timeline
from pipeline.device import open_device
from pipeline.device.microphone import OwnMicrophone
from pipeline.errors import DeviceError, UsageError
from pipeline.files import write_text
from pipeline.firmware import FirmwareImage
from pipeline.layers import QuantizedModel
from pipeline.listening.heard import Event, Recorder
from pipeline.listening.host import HostListener
from pipeline.listening.listener import DeviceListener, Listener
from pipeline.listening.own_microphone import News, news, record, summary
from pipeline.listening.page import to_html
from pipeline.listening.sources import Source, open_sources
from pipeline.options import BoardOptions
from pipeline.stages import Stages
from pipeline.workflow.models import ModelFile

PATH = click.Path(path_type=Path)
_EPILOG = """\b
Examples
  python -m pipeline.listen talk.wav --model MODEL.tflite --page heard.html
  python -m pipeline.listen mic --model MODEL.tflite
  arecord -f S16_LE -r 16000 -c 1 | python -m pipeline.listen - --model MODEL.tflite --json
  python -m pipeline.listen talk.wav --model MODEL.tflite --target nano33
  python -m pipeline.listen talk.wav --model MODEL.tflite --target nano33 --microphone
  python -m pipeline.listen board --model MODEL.tflite --target nano33 --port /dev/ttyACM0
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 110})
@click.argument("source")
@click.option("--model", type=PATH, metavar="FILE", required=True, help="A .tflite of this project.")
@click.option("--target", type=click.Choice(list(BOARDS)), help="Let this board listen. [default: this computer]")
@click.option("--port", metavar="PORT", help="Serial port of the real board, instead of the target's emulator.")
@click.option("--microphone", is_flag=True, help="Let the emulated board hear SOURCE by its own microphone.")
@click.option("--gain", type=click.FloatRange(-20, 20), metavar="DB", help="Of the board's microphone. [default: 0]")
@click.option("--threshold", type=click.FloatRange(0, 1, min_open=True), help="For all words, not the model's own.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line for every event (and lost audio), and nothing else."
)
@click.option("--page", type=PATH, metavar="FILE", help="Write an HTML page with waveform, scores and events to click.")
@guarded()
def main(
    source: str,
    model: Path,
    target: str | None,
    port: str | None,
    microphone: bool,
    gain: float | None,
    threshold: float | None,
    as_json: bool,
    page: Path | None,
) -> None:
    """Listens to SOURCE and says when a keyword is heard.

    SOURCE is a sound file of any length, rate and format, a folder of them, `-` for raw 16-bit mono samples at 16 kHz
    on standard input, `mic` for this computer's microphone, or `board` for the microphone of the board at --port.
    """
    if target is None and port is not None:
        raise UsageError("--port names a board's port", "say which board it is: --target")
    if target is not None and threshold is not None:
        raise UsageError("a board listens with its image's thresholds", "leave --threshold or --target out")
    if microphone or source == "board":
        _check_own_microphone(source, target, port, page)
        _board_hears(ModelFile.read(model), source, str(target), port, gain or 0.0, as_json=as_json)
        return
    if gain is not None:
        raise UsageError("--gain is of a board's microphone", "give --microphone, or leave it out")
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
        console.print(f"page {page}", highlight=False, markup=False)


@contextmanager
def _opened(
    file: ModelFile, target: str | None, port: str | None, threshold: float | None
) -> Iterator[Callable[[], Listener]]:
    """Yields what makes a listener for the next source, each a fresh one."""
    if target is None:
        yield lambda: HostListener(file.model, threshold=threshold)
        return
    image = _image(file, target, port)
    with open_device(target, image, port=port) as device:
        yield lambda: DeviceListener(device.client)


def _image(file: ModelFile, target: str, port: str | None) -> FirmwareImage:
    # standard output is the events'
    return BoardOptions(target, port).aim().image(file, Stages(Path("out") / "listen", RichProgress(stderr)))


def _check_own_microphone(source: str, target: str | None, port: str | None, page: Path | None) -> None:
    if target is None:
        raise UsageError("which board's microphone?", "name it, as in --target nano33")
    board_with_microphone(target)
    if port is None and source in ("board", "mic"):
        raise UsageError("an emulated board hears a recording", "give one with --microphone, or a real board's --port")
    if port is not None and source != "board":
        raise UsageError("a real board's microphone hears what there is to hear", "SOURCE is then: board")
    if page is not None:
        raise UsageError("nobody records what a board's microphone hears", "leave --page out")


def _board_hears(file: ModelFile, source: str, target: str, port: str | None, gain: float, *, as_json: bool) -> None:
    """Shows what a board tells of each source, which an emulated one hears by its own microphone."""
    sources = (None,) if port is not None else open_sources(source, sys.stdin.buffer)
    image = _image(file, target, port)
    with TemporaryDirectory() as folder:
        for one in sources:
            sound = Path(folder) / "sound.raw" if one is not None else None
            samples = record(one, sound) if one is not None and sound is not None else None
            name = one.name if one is not None else f"{target} on {port}"
            timeline = None if as_json else Timeline(console, name, (), one.seconds if one is not None else None)
            with open_device(target, image, port=port, sound=sound) as device:
                own = OwnMicrophone(device.client, gain)
                try:
                    with timeline or nullcontext():
                        for told in news(own, samples):
                            _show_news(name, told, timeline)
                finally:
                    with suppress(DeviceError):
                        own.stop()
                if timeline is not None:
                    console.print(summary(device, own.state), highlight=False)


def _show_news(name: str, told: News, timeline: Timeline | None) -> None:
    lost = [(one.sample, one.count) for one in told.lost]
    if timeline is not None:
        timeline.told(told.sample, told.events, lost)
        return
    _print_json(name, list(told.events))
    for sample, count in lost:
        print(json.dumps({"source": name, "lost": count, "sample": sample}), flush=True)


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
