"""Whistles instead of words: a folder of recordings, and a recipe that trains on it in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000
WORDS = {"low": 400.0, "high": 1500.0, "other": 3200.0}
RECIPE = """
name = "whistles"
[corpus]
source = "folder"
keywords = ["low", "high"]
clip_seconds = 1.0
added_clips = 0
sentence_hours = 0
[frontend]
context_frames = 12
[augmentation]
shift_ms = 20.0
[model]
kind = "perceptron"
hidden = [12]
dropout = 0.0
[training]
epochs = 4
qat_epochs = 2
low_bit_qat_epochs = 2
batch_size = 16
[tuning]
hours = 0
"""


def record_whistles(root: Path) -> None:
    """Writes 3 words x 30 clips of 10 speakers, lists of two splits, and noise."""
    rng = np.random.default_rng(1)
    time = np.arange(RATE) / RATE
    lists: dict[str, list[str]] = {"validation": [], "testing": []}
    for word, pitch in WORDS.items():
        (root / word).mkdir(parents=True)
        for i in range(30):
            speaker = i % 10
            tone = np.sin(2 * np.pi * pitch * (1 + 0.01 * speaker) * time) * np.hanning(RATE)
            name = f"{word}/speaker{speaker:02d}_nohash_{i // 10}.wav"
            soundfile.write(root / name, 0.3 * tone + 0.01 * rng.normal(size=RATE), RATE)
            if speaker >= 8:
                lists["validation" if speaker == 8 else "testing"].append(name)
    (root / "_background_noise_").mkdir()
    soundfile.write(root / "_background_noise_" / "hiss.wav", 0.02 * rng.normal(size=20 * RATE), RATE)
    for split, names in lists.items():
        (root / f"{split}_list.txt").write_text("\n".join(names) + "\n", "utf-8")
