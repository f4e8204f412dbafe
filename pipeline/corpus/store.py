"""Decoded corpora on disk, one array of samples beside one JSON file, mapped into memory when loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.data import SPLITS, Corpus, Split
from pipeline.files import replacing, write_text


def cached_corpus(cache_dir: Path, key: str, make: Callable[[], Corpus]) -> Corpus:
    """Loads the corpus kept under ``key``, or makes and keeps it. A damaged entry is made again."""
    folder = cache_dir / "corpus"
    try:
        return _load(folder, key)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    _save(folder, key, make())
    return _load(folder, key)


def _save(folder: Path, key: str, corpus: Corpus) -> None:
    splits = [corpus.split(name) for name in SPLITS]
    with replacing(folder / f"{key}.npy") as temporary, temporary.open("wb") as file:
        shape = (sum(map(len, splits)), splits[0].pcm.shape[1])
        header = {"descr": "<i2", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for split in splits:
            file.write(np.ascontiguousarray(split.pcm, "<i2").data)
    with replacing(folder / f"{key}.noise.npy") as temporary, temporary.open("wb") as file:
        np.save(file, np.concatenate(corpus.noise) if corpus.noise else np.zeros(0, np.int16))
    described = {
        "labels": corpus.labels,
        "manifest_hash": corpus.manifest_hash,
        "noise": [len(pcm) for pcm in corpus.noise],
        "splits": [
            {"label": split.label.tolist(), "speakers": split.speakers, "files": split.files} for split in splits
        ],
    }
    write_text(folder / f"{key}.json", json.dumps(described))  # last: it marks the entry whole


def _load(folder: Path, key: str) -> Corpus:
    described = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
    pcm: NDArray[np.int16] = np.load(folder / f"{key}.npy", mmap_mode="r")
    splits, start = [], 0
    for entry in described["splits"]:
        stop = start + len(entry["label"])
        splits.append(_split(pcm[start:stop], entry))
        start = stop
    if start != len(pcm):
        raise ValueError("samples and labels differ in number")
    sounds = np.load(folder / f"{key}.noise.npy")
    noise = np.split(sounds, np.cumsum(described["noise"])[:-1]) if described["noise"] else []
    return Corpus(tuple(described["labels"]), splits[0], splits[1], splits[2], tuple(noise), described["manifest_hash"])


def _split(pcm: NDArray[np.int16], entry: dict[str, Any]) -> Split:
    return Split(pcm, np.array(entry["label"], np.int64), tuple(entry["speakers"]), tuple(entry["files"]))
