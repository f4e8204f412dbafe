"""Augmentation on mel power: each variation does what it says, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import AugmentationSection, Frontend
from pipeline.frontend import context_indices, encode
from pipeline.training.augmentation import AugmentedSet

SETTINGS = Frontend(context_frames=10)
PLAIN = {
    "shift_ms": 0,
    "gain_db": 0,
    "noise_probability": 0,
    "band_masks": 0,
    "band_limit_probability": 0,
    "telephone_probability": 0,
    "line_probability": 0,
}
LOUD = 1e9


def power(n: int = 40, hops: int = 50, seed: int = 0) -> np.ndarray:
    """So loud that the microphone's own noise is far below one code."""
    return (LOUD * np.exp(np.random.default_rng(seed).normal(0, 1, (n, hops, 20)))).astype(np.float32)


def varied(clips, noise=(), labels=None, seed=0, **section):
    labels = np.arange(len(clips)) if labels is None else labels
    source = AugmentedSet(clips, clips[:, None], labels, noise, AugmentationSection(**{**PLAIN, **section}), SETTINGS)
    codes, order = source.epoch(np.random.default_rng(seed))
    return codes.reshape(len(clips), 10, 20).astype(int), order


def plain(clips):
    start = round((clips.shape[1] - SETTINGS.context_hops) / 2)
    return encode(clips[:, start + context_indices(SETTINGS)]).astype(int)


def test_without_variation_the_features_are_those_of_the_device():
    codes, order = varied(power())
    assert sorted(order) == list(range(40))
    assert np.abs(codes - plain(power())[order]).max() <= 1


def test_epochs_differ_and_repeat_with_their_generator():
    section = {"shift_ms": 100, "gain_db": 10, "noise_probability": 0.8, "band_masks": 1, "equaliser_db": 3}
    section |= {"stretch": 0.1, "warp": 0.1, "reverb_probability": 0.5, "time_masks": 1}
    noise = (power(1, 300)[0],)
    first, again, other = (varied(power(), noise, seed=seed, **section) for seed in (1, 1, 2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_labels_follow_their_clips():
    clips = power() * (10.0 ** np.arange(40) / 1e12)[:, None, None].clip(1, 1e9).astype(np.float32)
    codes, order = varied(clips, labels=np.arange(40) * 3)
    assert np.abs(codes - plain(clips)[order // 3]).max() <= 1


def test_gain_moves_all_codes_of_a_clip_together():
    codes, order = varied(power(), gain_db=12)
    moved = codes - plain(power())[order]
    assert np.ptp(moved, axis=(1, 2)).max() <= 2
    # a code is 10 log10(2) / 5.5 dB
    assert np.abs(moved).max() <= 12 / 0.547 + 1
    assert moved.mean(axis=(1, 2)).std() > 5


def test_shift_moves_the_window():
    rising = (LOUD * 2 ** (np.arange(50) / 5.5))[None, :, None] * np.ones((40, 1, 20))  # one code per hop
    codes, _ = varied(rising.astype(np.float32), shift_ms=100)
    moved = codes[:, 0, 0] - plain(rising[:1].astype(np.float32))[0, 0, 0]
    assert set(np.abs(moved)) <= set(range(12))
    assert moved.min() < -5
    assert moved.max() > 5


def test_stretch_changes_the_distance_of_the_rows():
    rising = (LOUD * 2 ** (np.arange(50) / 5.5))[None, :, None] * np.ones((40, 1, 20))
    codes, _ = varied(rising.astype(np.float32), stretch=0.3)
    spans = codes[:, -1, 0] - codes[:, 0, 0]
    assert 27 / 1.31 - 2 <= spans.min() < 24
    assert 30 < spans.max() <= 27 * 1.31 + 2


def test_noise_comes_at_the_ratio_asked_for():
    flat = np.full((60, 50, 20), LOUD, np.float32)
    noise = (np.full((200, 20), 17.0, np.float32),)
    codes, _ = varied(flat, noise, noise_probability=1, snr_db=(0.0, 0.0))
    assert np.abs(codes - plain(flat) - 5.5).max() <= 1  # twice the power: one octave
    quiet, _ = varied(flat, noise, noise_probability=1, snr_db=(40.0, 40.0))
    assert np.abs(quiet - plain(flat)).max() <= 1
    some, _ = varied(flat, noise, noise_probability=0.5, snr_db=(0.0, 0.0))
    assert 10 < (some[:, 0, 0] - plain(flat)[:, 0, 0] > 3).sum() < 50


@pytest.mark.parametrize(("kind", "axis"), [("band", 2), ("time", 1)])
def test_masks_hide_whole_bands_or_rows_with_the_mean(kind, axis):
    codes, order = varied(power(), **{f"{kind}_masks": 1, f"{kind}_mask_width": 3})
    whole = plain(power())[order]
    mean = np.rint(whole.mean(axis=(1, 2), keepdims=True))
    hidden = np.all(np.abs(codes - mean) <= 1, axis=3 - axis)
    assert set(hidden.sum(axis=1)) == {0, 1, 2, 3}
    kept = ~(hidden[:, None, :] if axis == 2 else hidden[:, :, None]) & np.ones(codes.shape, bool)
    assert np.abs(codes - whole)[kept].max() <= 1


def test_warp_moves_a_formant_along_the_bands():
    clips = np.full((40, 50, 20), 1e6, np.float32)
    clips[:, :, 10] = 1e10
    codes, _ = varied(clips, warp=0.15)
    peaks = codes[:, 0].argmax(axis=1)
    assert set(peaks) <= {9, 10, 11, 12}
    assert len(set(peaks)) >= 3


def test_reverberation_fills_what_follows_a_sound_only():
    clips = np.full((40, 50, 20), 1e8, np.float32)
    clips[:, 24] = 1e12
    codes, _ = varied(clips, reverb_probability=1.0)
    before = plain(clips)
    row = int(np.flatnonzero(context_indices(SETTINGS) + 11 >= 24)[0])
    assert np.abs(codes[:, : row - 1] - before[:, : row - 1]).max() <= 9  # of the steady background: up to 5 dB
    assert (codes[:, row] - before[:, row]).min() > 9


def test_quiet_clips_get_the_noise_of_a_microphone():
    codes, _ = varied(np.zeros((200, 50, 20), np.float32))
    assert (codes == -127).mean() < 0.01
    assert codes.max() < 0
    assert codes.mean(axis=(1, 2)).std() > 5


def test_a_low_pass_takes_high_bands_away_and_leaves_low_ones():
    codes, order = varied(power(), band_limit_probability=1.0)
    change = codes - plain(power())[order]
    assert np.abs(change[:, :, :10]).max() <= 1  # bands below 3.2 kHz
    assert np.median(change[:, :, 19]) < -30
    assert np.median(change[:, :, 15]) > np.median(change[:, :, 17]) > np.median(change[:, :, 19])
    rare, order = varied(power(400, 50), band_limit_probability=0.25)
    limited = ((rare - plain(power(400, 50))[order])[:, :, 19].mean(axis=1) < -2).mean()
    assert 0.15 < limited < 0.35


def test_a_telephone_takes_away_what_is_below_300_hz_and_above_3400_and_nothing_between():
    codes, order = varied(power(), telephone_probability=1.0)
    change = codes - plain(power())[order]
    # centres of the bands: 124, 194, 273, 360, 457 ... 2924, 3295 ... 5187, 5788, 6455 Hz
    assert np.median(change[:, :, 0]) < -15
    assert np.median(change[:, :, 0]) < np.median(change[:, :, 1]) < np.median(change[:, :, 2]) <= 0
    assert np.abs(change[:, :, 4:13]).max() <= 1
    assert np.median(change[:, :, 17:]) < -30
    noisy = change[:, :, 0].max(axis=1)  # how much of it the noise of the line covers differs from call to call
    assert np.ptp(noisy) > 10
    rare, order = varied(power(400, 50), telephone_probability=0.25)
    called = ((rare - plain(power(400, 50))[order])[:, :, 0].mean(axis=1) < -2).mean()
    assert 0.15 < called < 0.35


def over_lines(section, labels=400):
    """Clips, and an epoch of them, where one line takes two octaves away and the other four."""
    clips = power(labels)
    called = clips[:, None] * np.array([2.0**-2, 2.0**-4], np.float32)[:, None, None]
    source = AugmentedSet(clips, called, np.arange(labels), (), AugmentationSection(**{**PLAIN, **section}), SETTINGS)
    return clips, source


def test_a_share_of_the_clips_is_heard_over_one_of_their_lines():
    clips, source = over_lines({"line_probability": 0.25})
    share = []
    for seed in (0, 1):
        codes, order = source.epoch(np.random.default_rng(seed))
        change = (codes.reshape(400, 10, 20) - plain(clips)[order])[np.argsort(order)]
        lines = [np.abs(change + 5.5 * octaves).max(axis=(1, 2)) <= 1 for octaves in (0, 2, 4)]
        assert np.all(np.sum(lines, axis=0) == 1)
        share.append(np.mean(lines, axis=1))
        assert 0.65 < share[-1][0] < 0.85
        assert min(share[-1][1:]) > 0.07
    assert not np.array_equal(*share)


def test_noise_comes_over_the_line_with_the_speech():
    flat = np.full((60, 50, 20), LOUD, np.float32)
    lost = np.where(np.arange(20) < 10, 0.01, 1.0).astype(np.float32)
    noise = (np.full((200, 20), 17.0, np.float32),)
    section = {**PLAIN, "noise_probability": 1, "snr_db": (0.0, 0.0), "line_probability": 1}
    source = AugmentedSet(flat, (flat * lost)[:, None], np.arange(60), noise, AugmentationSection(**section), SETTINGS)
    codes, _ = source.epoch(np.random.default_rng(0))
    added = codes.reshape(60, 10, 20) - plain(flat * lost)
    # as loud as the mean over all bands of what comes through, 0.505, and as little of it where the line takes away
    assert np.abs(added - 5.5 * np.log2(1.505)).max() <= 1


def test_windows_of_other_speech_are_unknown_clips_and_new_in_every_epoch():
    steps = np.arange(2000, dtype=np.float32)[:, None] * np.ones((1, 20), np.float32)  # every hop can be told
    speech = LOUD * np.exp(steps / 400).astype(np.float32)
    section = AugmentationSection(**{**PLAIN, "negatives": 0.5})
    source = AugmentedSet(power(), power()[:, None], np.full(40, 5), (), section, SETTINGS, speech)
    assert len(source) == 60
    epochs = [source.epoch(np.random.default_rng(seed)) for seed in (0, 1)]
    heard = []
    for codes, labels in epochs:
        assert sorted(labels) == [1] * 20 + [5] * 40
        windows = codes.reshape(60, 10, 20)[labels == 1].astype(int)
        assert np.all(np.diff(windows, axis=1) >= 0)
        assert np.ptp(windows, axis=2).max() <= 1
        heard.append(sorted(windows[:, 0, 0]))
    assert heard[0] != heard[1]
    short = AugmentedSet(power(), power()[:, None], np.full(40, 5), (), section, SETTINGS, speech[:50])
    assert len(short) == 40
