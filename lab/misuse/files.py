"""Recipes, recordings, folders and models that are not as they should be."""

from __future__ import annotations

import io
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from lab.misuse.case import Case, Situation
from pipeline.export import encode_reference_tflite, read_tflite

_VALUES = {
    "training": (
        "seed = -1", "seed = 99999999999", "epochs = 0", "learning_rate = 0", "learning_rate = nan", "batch_size = -5",
        "label_smoothing = 1.0", "patience = 0", "distillation = 2", "epochs = 2.5", 'epochs = "many"',
    ),
    "augmentation": ("snr_db = [30, 0]", "snr_db = [1]", "stretch = 1.5", "shift_ms = -1", "gain_db = inf", "warp = 1"),
    "frontend": (
        "bands = 3", "high_hz = 9000", "low_hz = 7700", "context_frames = 0", "context_frames = 150", "hop_samples = 1",
        "sample_rate = 8000", "window_samples = 40", "bands = true", "low_hz = 7590",
    ),
    "model": ('kind = "resnet"', "hidden = [0]", 'hidden = ["a"]', "dropout = 1.0", "hidden = [99999]", "hidden = 12"),
    "corpus": (
        "clip_seconds = 0.1", "clip_seconds = 60", "keywords = []", "keywords = 3", 'keywords = ["low", "Low"]',
        'keywords = ["../low"]', 'keywords = ["_unknown_"]', 'keywords = ["absent"]', 'source = "nowhere"',
        "unknown_ratio = 0", "silence_fraction = -1", 'keywords = ["low", ""]',
    ),
    "detector": (
        "threshold = 0", "threshold = 1.5", "smoothing_frames = 0", "refractory_ms = -1", "thresholds = [2.0, 2.0]",
        "thresholds = [0.5]",
    ),
    "tuning": ("budget = 0", "hours = -1", "budget = nan"),
}  # fmt: skip
_DAMAGES = (b"", b"\xff\xfe", b"name = ", b"[[[", b'name = "a"\nname = "b"', b"\0" * 100, b"[corpus]", b"x" * 10_000)


def recipe(at: Situation) -> Case:
    """A value out of range, a misspelt key, a file that is no recipe."""
    text, path = at.place.recipe.read_text("utf-8"), at.folder / "mine.toml"
    kind = at.rng.random()
    if kind < 0.65:
        section = at.rng.choice(sorted(_VALUES))
        line = at.rng.choice(_VALUES[section])
        key = line.partition(" ")[0]
        before, header, after = text.partition(f"[{section}]\n")
        body, rest = re.match(r"((?:[^\[].*\n|\n)*)(.*)", after, re.DOTALL).groups()  # type: ignore[union-attr]
        body = re.sub(rf"^{key} = .*\n", "", body, flags=re.MULTILINE)
        path.write_text(f"{before}{header or f'[{section}]{chr(10)}'}{line}\n{body}{rest}", "utf-8")
        what = f"[{section}] {line}"
    elif kind < 0.85:
        keys = re.findall(r"^(\w+) = ", text, re.MULTILINE)
        key = at.rng.choice(keys)
        cut = at.rng.randrange(len(key))
        path.write_text(re.sub(rf"^{key} = ", f"{key[:cut]}{key[cut + 1 :]}x = ", text, flags=re.MULTILINE), "utf-8")
        what = f"{key} misspelt"
    else:
        damage = at.rng.choice(_DAMAGES)
        path.write_bytes(damage)
        what = f"a recipe of {damage[:12]!r}"
    return Case(what, at.train(recipe=path))


def _wav(samples: np.ndarray, subtype: str, rate: int = 16_000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype, format="WAV")
    return file.getvalue()


def recording(at: Situation) -> Case:
    """One or several recordings that cannot be decoded or are not what they seem."""
    data = at.recordings()
    tone = np.sin(np.arange(16_000) / 5)
    good = _wav(0.3 * tone, "PCM_16")
    damages = {
        "empty": b"",
        "four bytes": b"RIFF",
        "a cut header": good[: at.rng.randrange(5, 43)],
        "cut audio": good[: at.rng.randrange(200, 20_000)],
        "noise": at.rng.randbytes(at.rng.randrange(50, 5000)),
        "a text": b"this is not audio\n" * at.rng.randrange(1, 100),
        "rate 0": good[:24] + struct.pack("<I", 0) + good[28:],
        "rate 2 GHz": good[:24] + struct.pack("<I", 2_000_000_000) + good[28:],
        "no channel": good[:22] + struct.pack("<H", 0) + good[24:],
        "no sample": _wav(tone[:0], "PCM_16"),
        "ten samples": _wav(tone[:10], "PCM_16"),
        "no numbers": _wav(np.where(np.arange(16_000) % 100 == 0, np.nan, tone), "FLOAT"),
        "floats x100": _wav(100 * tone, "FLOAT"),
    }
    name = at.rng.choice(sorted(damages))
    files = at.rng.sample(sorted(data.rglob("*/*.wav")), at.rng.choice((1, 1, 2, 9)))
    for path in files:
        path.unlink()
        path.write_bytes(damages[name])
    return Case(f"{len(files)} recordings: {name}", at.train(data=data, cache=at.folder / "cache"))


def folder(at: Situation) -> Case:
    """A data folder that lacks something, or whose tables and lists are not what they should be."""
    data = at.recordings()
    tables = ("metadata.csv", "validation_list.txt", "testing_list.txt")
    files = sorted(path.relative_to(data).as_posix() for path in data.glob("[a-z]*/*.wav"))
    split, table = at.rng.choice(tables[1:]), at.rng.choice(tables)

    def write(name: str, content: bytes) -> None:
        (data / name).unlink(missing_ok=True)
        (data / name).write_bytes(content)

    def without(*words: str) -> None:
        for word in words:
            shutil.rmtree(data / word)

    def replaced(path: Path, by: Callable[[Path], object]) -> None:
        path.rename(at.folder / "moved")
        by(path)

    def both_lists() -> None:
        for name in tables[1:]:
            write(name, files[0].encode())

    def emptied() -> None:
        without("low")
        (data / "low").mkdir()

    accidents: dict[str, Callable[[], None]] = {
        "is not there": lambda: without(""),
        "is a file": lambda: replaced(data, Path.touch),
        "is empty": lambda: replaced(data, Path.mkdir),
        "holds noise only": lambda: without("low", "high", "other"),
        "lacks a keyword": lambda: without(at.rng.choice(("low", "high"))),
        "has an empty keyword": emptied,
        "has other columns": lambda: write("metadata.csv", b"path;person\nlow/a.wav;x\n"),
        "has a binary table": lambda: write(table, b"\xff\xfe\x00\x01" * 20),
        "lists one file twice": both_lists,
        "lists what is not there": lambda: write(split, b"low/nobody_nohash_0.wav\n"),
        "lists everything": lambda: write(split, "\n".join(files).encode()),
        "lists nothing": lambda: write(split, b""),
    }
    name = at.rng.choice(sorted(accidents))
    accidents[name]()
    return Case(f"the data folder {name}", at.train(data=data, cache=at.folder / "cache"))


def model(at: Situation) -> Case:
    """A model file with a changed byte, cut, or of another project, for any command that takes one."""
    path, good = at.folder / "words.tflite", at.place.model.read_bytes()
    where = at.rng.randrange(len(good))
    kinds = {
        f"byte {where} changed": good[:where] + bytes([good[where] ^ 1 << at.rng.randrange(8)]) + good[where + 1 :],
        f"cut at {where}": good[:where],
        "noise": at.rng.randbytes(2000),
        "empty": b"",
        "a reference graph": encode_reference_tflite(read_tflite(at.place.model)),
        "a float network": at.place.model.with_name("whistles_float.tflite").read_bytes(),
    }
    name = at.rng.choice(sorted(kinds))
    path.write_bytes(kinds[name])
    given, out = str(path), str(at.folder / "out")
    data = ("--data", str(at.place.data))
    sound = str(next(at.place.data.glob("low/*.wav")))
    command = at.rng.choice(
        (
            ("pipeline.build", "--model", given, *data, "--target", "host", "--out", out),
            ("pipeline.listen", sound, "--model", given),
            ("pipeline.build", "export", given, "--out", out),
            ("pipeline.tune", "--model", given, *data),
            ("pipeline.build", "runner", given, *data, "--microseconds", "2300", "--out", out),
        )
    )
    return Case(f"a model: {name}", command)
