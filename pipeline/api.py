"""What a notebook needs, as functions: docs/python.md shows them at work.

Nothing here prints, and what goes wrong is a :class:`KwsError`. Finished stages are kept in ``out`` and ``cache``, as
by the commands. ``pipeline.__all__`` lists what is public.
"""

from __future__ import annotations

import hashlib
import io
from os import PathLike
from pathlib import Path

from numpy.typing import ArrayLike

from pipeline.cores import CORES
from pipeline.errors import KwsError as KwsError
from pipeline.errors import UsageError
from pipeline.export import encode_tflite, read_tflite, write_c_arrays, write_tflite
from pipeline.export.library import FORMATS, write_library
from pipeline.files import locked
from pipeline.layers import QuantizedModel as QuantizedModel
from pipeline.layers import logits
from pipeline.layers.base import Floats
from pipeline.listening.heard import Event as Event
from pipeline.listening.host import HostListener
from pipeline.listening.sources import open_sources
from pipeline.progress import SILENT, Progress
from pipeline.stages import Stages
from pipeline.workflow import quantize, run, training
from pipeline.workflow.data import Data as Data
from pipeline.workflow.recipes import choose_recipe

Place = str | PathLike[str]


def load_data(
    folder: Place | None = None,
    *,
    keywords: str | None = None,
    recipe: Place | None = None,
    negatives: Place | None = None,
    cache: Place = "out/cache",
    progress: Progress = SILENT,
) -> Data:
    """Speech to train and test with, decoded or synthesised when it is first asked for.

    Args:
        folder: recordings, a folder per word; None: speech is synthesised.
        keywords: words with commas between them, in place of the recipe's own.
        recipe: path of a TOML file, or the name of one in ``models/``; None: the one that fits.
        negatives: folder of speech without the keywords, to train on.
        cache: where decoded and synthesised speech is kept.

    Returns:
        ``recipe``; ``corpus``, the clips as PCM by split; ``dataset``, their features; ``held_out``, what is tested on.

    Raises:
        UsageError, RecipeError, CorpusError: what was asked for does not exist or does not fit together.
    """
    data = None if folder is None else Path(folder)
    chosen = choose_recipe(None if recipe is None else str(recipe), data, keywords)
    return Data(chosen, data, None, Path(cache), progress, None if negatives is None else Path(negatives))


def train_model(data: Data, *, bits: int = 4, out: Place = "out/notebook") -> QuantizedModel:
    """Trains a network with floats, then with quantized weights of 8, 4 or 2 ``bits``, and quantizes it.

    Raises:
        UsageError: another width.
    """
    _check(bits)
    with locked(Path(out)):
        file = run.train(data, (bits,), Stages(Path(out), data.progress))[-1].file
    assert file is not None
    return file.model


def quantize_model(data: Data, *, bits: int = 4, out: Place = "out/notebook") -> QuantizedModel:
    """Trains a network with floats only and quantizes its weights as they are.

    Raises:
        UsageError: another width than 8, 4 or 2.
    """
    _check(bits)
    with locked(Path(out)):
        stages = Stages(Path(out), data.progress)
        trained = training.train_float(data.recipe, data.dataset, stages)
        return quantize.quantize_model(data.recipe, trained, bits, stages).model


def _check(bits: int) -> None:
    if bits not in run.BIT_WIDTHS:
        raise UsageError(f"{bits} weight bits", f"there are {', '.join(map(str, run.BIT_WIDTHS))}")


def run_reference(model: QuantizedModel, clips: ArrayLike) -> Floats:
    """Logits of int8 clips ``[n, inputs]``, float32 ``[n, labels]``, by numpy: a device gives the same bits.

    Raises:
        QuantizationError: the clips have another type or length.
    """
    return logits(model, clips)


def read_model(path: Place) -> QuantizedModel:
    """Reads a ``.tflite`` of this project.

    Raises:
        ModelFileError: it is damaged or another's.
    """
    return read_tflite(Path(path))


def write_model(model: QuantizedModel, path: Place) -> Path:
    """Writes the ``.tflite`` that every command and ``read_model`` take."""
    return write_tflite(model, Path(path))


def export_c(model: QuantizedModel, folder: Place, *, core: str = "cortex-m4") -> tuple[Path, ...]:
    """Writes a model as C arrays, packed for the kernels of a core; returns the files.

    Raises:
        UsageError: no such core.
    """
    if core not in CORES:
        raise UsageError(f"no core {core}", f"there are {', '.join(CORES)}")
    return tuple(write_c_arrays(model, CORES[core].variant, Path(folder), source_hash=_digest(model)).files)


def export_library(model: QuantizedModel, folder: Place, *, form: str = "cmake") -> Path:
    """Writes all that listens, with the model in it, as a library for other firmware: cmake, platformio or arduino.

    Raises:
        UsageError: no such form, or the folder holds something.
    """
    if form not in FORMATS:
        raise UsageError(f"no library for {form}", f"there are {', '.join(FORMATS)}")
    write_library(model, form, Path(folder), source_hash=_digest(model))
    return Path(folder)


def _digest(model: QuantizedModel) -> str:
    return hashlib.sha256(encode_tflite(model)).hexdigest()


def listen_to(sound: Place, model: QuantizedModel, *, threshold: float | None = None) -> list[Event]:
    """Keywords in a recording of any length and format, or in all of a folder, heard by the C that runs on the device.

    Args:
        threshold: smoothed posterior, 0..1, for all keywords in place of the model's own.

    Raises:
        AudioError: no readable recording.
        ToolchainError: no C compiler.
    """
    events: list[Event] = []
    for source in open_sources(str(sound), io.BytesIO()):
        listener = HostListener(model, threshold=threshold)
        for pcm in source.blocks():
            events += listener.push(pcm)[1]
    return events
