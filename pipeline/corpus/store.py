"""Decoded corpora on disk, one array of samples beside one JSON file, mapped into memory when loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.data import SPLITS, Corpus, Split


def write_corpus(corpus: Corpus, folder: Path) -> None:
    """Writes all of a corpus but its key."""
    splits = [corpus.split(name) for name in SPLITS]
    with (folder / "clips.npy").open("wb") as file:
        shape = (sum(map(len, splits)), splits[0].pcm.shape[1])
        header = {"descr": "<i2", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for split in splits:
            file.write(np.ascontiguousarray(split.pcm, "<i2").data)
    np.save(folder / "noise.npy", np.concatenate(corpus.noise) if corpus.noise else np.zeros(0, np.int16))
    described = {
        "labels": corpus.labels,
        "noise": [len(pcm) for pcm in corpus.noise],
        "splits": [
            {"label": split.label.tolist(), "speakers": split.speakers, "files": split.files} for split in splits
        ],
    }
    (folder / "corpus.json").write_text(json.dumps(described), "utf-8")


def read_corpus(folder: Path, key: str) -> Corpus:
    """Maps what ``write_corpus`` wrote; ``key`` names its contents."""
    described = json.loads((folder / "corpus.json").read_text("utf-8"))
    pcm: NDArray[np.int16] = np.load(folder / "clips.npy", mmap_mode="r")
    splits, start = [], 0
    for entry in described["splits"]:
        stop = start + len(entry["label"])
        splits.append(_split(pcm[start:stop], entry))
        start = stop
    sounds = np.load(folder / "noise.npy")
    noise = np.split(sounds, np.cumsum(described["noise"])[:-1]) if described["noise"] else []
    return Corpus(tuple(described["labels"]), splits[0], splits[1], splits[2], tuple(noise), key)


def _split(pcm: NDArray[np.int16], entry: dict[str, Any]) -> Split:
    return Split(pcm, np.array(entry["label"], np.int64), tuple(entry["speakers"]), tuple(entry["files"]))
